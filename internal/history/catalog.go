package history

import (
	"fmt"
	"strconv"
	"time"
	_ "time/tzdata" // local times must not depend on the machine

	"pintail/internal/gen/pinpoint"
)

// place is where people live.
type place struct {
	country, locale, city string
	zone                  int // of zoneNames
	share                 int
}

const zoneCount = 11

var zoneNames = [zoneCount]string{
	"America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/London", "Europe/Berlin",
	"Europe/Paris", "America/Sao_Paulo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Sydney",
}

var places = []place{
	{"US", "en_US", "New York", 0, 16}, {"US", "en_US", "Chicago", 1, 10}, {"US", "es_US", "Los Angeles", 2, 9},
	{"GB", "en_GB", "Leeds", 3, 12}, {"DE", "de_DE", "Leipzig", 4, 13}, {"FR", "fr_FR", "Lyon", 5, 9},
	{"BR", "pt_BR", "Recife", 6, 8}, {"IN", "en_IN", "Pune", 7, 11}, {"NP", "ne_NP", "Pokhara", 8, 2},
	{"JP", "ja_JP", "Osaka", 9, 6}, {"AU", "en_AU", "Sydney", 10, 4},
}

// model is a device that one can buy.
type model struct{ brand, name string }

// kind is a family of devices.
type kind struct {
	platform string
	channel  pinpoint.ChannelType
	versions []string
	models   []model
	share    int
}

var kinds = []kind{
	{"iOS", pinpoint.ChannelTypeApns, []string{"18.6", "19.0", "19.0", "19.1", "19.1", "19.1", "19.2"}, []model{
		{"Apple", "iPhone 14"}, {"Apple", "iPhone 15"}, {"Apple", "iPhone 16"}, {"Apple", "iPhone 17"}, {"Apple", "iPad Air"}}, 45},
	{"Android", pinpoint.ChannelTypeGcm, []string{"13", "14", "15", "15", "16", "16"}, []model{
		{"Google", "Pixel 8"}, {"Google", "Pixel 9"}, {"Samsung", "Galaxy S24"}, {"Samsung", "Galaxy S25"},
		{"Samsung", "Galaxy A55"}, {"Xiaomi", "Redmi Note 13"}, {"Motorola", "Moto G84"}, {"Fairphone", "Fairphone 5"}}, 43},
	{"Web", "", []string{"Chrome 140", "Chrome 141", "Safari 19", "Firefox 143"}, []model{{"Desktop", "Browser"}, {"Mobile", "Browser"}}, 12},
}

// placeOf and kindOf hold each index as often as its share says.
var (
	placeOf = spread(len(places), func(i int) int { return places[i].share })
	kindOf  = spread(len(kinds), func(i int) int { return kinds[i].share })
)

func spread(n int, share func(int) int) (table []int) {
	for i := range n {
		for range share(i) {
			table = append(table, i)
		}
	}
	return table
}

var (
	plans    = []string{"free", "free", "free", "plus", "plus", "pro"}
	topics   = []string{"running", "hiking", "climbing", "cycling", "swimming", "camping"}
	tiers    = []string{"bronze", "silver", "gold"}
	releases = versions(60)
)

func versions(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("3.%d.0", i)
	}
	return list
}

// hours holds the local hours of the day, each as often as people use the app
// in it.
var hours = spread(24, func(hour int) int {
	return [24]int{2, 1, 1, 1, 1, 2, 5, 9, 10, 8, 7, 8, 11, 9, 7, 7, 8, 10, 13, 15, 16, 14, 9, 4}[hour]
})

func loadZones() (zones [zoneCount]*time.Location) {
	for i, name := range zoneNames {
		zone, err := time.LoadLocation(name)
		if err != nil {
			panic(err) // the zones are linked in
		}
		zones[i] = zone
	}
	return zones
}

// What events carry, made once: one map serves millions of them.
var (
	screens    = entries("screen", "home", "home", "search", "category", "category", "profile", "offers", "help")
	methods    = entries("method", "password", "password", "google", "passkey")
	reasons    = entries("reason", "wrong_password", "wrong_password", "locked")
	products   = catalogue(40)
	loadTimes  = metrics("load_ms", 64, func(i int) float64 { return float64(80 + i*i/2) })
	goodsViews = goods(func(p product) map[string]string {
		return map[string]string{"product": p.id, "category": p.category}
	})
	goodsBought = goods(func(p product) map[string]string {
		return map[string]string{"_product_id": p.id, "_currency": "USD", "_store": "shop", "_item_price_formatted": fmt.Sprintf("$%.2f", p.price)}
	})
	amounts = totals() // by product and quantity: what an order says
	prices  = sums()   // by product and quantity: what a purchase says
)

const maxQuantity = 3

type product struct {
	id, category string
	price        float64
}

func catalogue(n int) []product {
	list := make([]product, n)
	for i := range list {
		list[i] = product{"product-" + strconv.Itoa(i), topics[i%len(topics)], float64(499+i*350) / 100}
	}
	return list
}

func entries(key string, values ...string) []map[string]string {
	list := make([]map[string]string, len(values))
	for i, v := range values {
		list[i] = map[string]string{key: v}
	}
	return list
}

func metrics(key string, n int, value func(int) float64) []map[string]float64 {
	list := make([]map[string]float64, n)
	for i := range list {
		list[i] = map[string]float64{key: value(i)}
	}
	return list
}

func goods(of func(product) map[string]string) []map[string]string {
	list := make([]map[string]string, len(products))
	for i, p := range products {
		list[i] = of(p)
	}
	return list
}

func totals() []map[string]float64 {
	return metrics("amount", len(products)*maxQuantity, func(i int) float64 {
		return products[i/maxQuantity].price * float64(1+i%maxQuantity)
	})
}

func sums() []map[string]float64 {
	list := metrics("_item_price", len(products)*maxQuantity, func(i int) float64 { return products[i/maxQuantity].price })
	for i, m := range list {
		m["_quantity"] = float64(1 + i%maxQuantity)
	}
	return list
}
