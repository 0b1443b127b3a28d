package query

import (
	"reflect"
	"strings"
	"sync"

	"pintail/internal/wire/shape"
)

// member is one member of a structure and how it is spelled.
type member struct {
	name   string
	index  int
	format shape.TimeFormat
	spelling
}

// spelling is how the elements of a list or a map are named.
type spelling struct {
	flat bool   // elements stand where the list or map would
	item string // a list's element
	key  string // a map's key
	val  string // a map's value

	empty bool // written even if it is ""
}

// plain is the spelling of lists and maps inside lists and maps, which have no
// member of their own to say otherwise.
var plain = spelling{item: "member", key: "key", val: "value"}

// entry is the element of a map that is not flat.
const entry = "entry"

// plans holds one []*member per structure type.
var plans sync.Map

func membersOf(t reflect.Type) []*member {
	if p, ok := plans.Load(t); ok {
		return p.([]*member)
	}
	var members []*member
	for i := range t.NumField() {
		f := t.Field(i)
		options := strings.Split(f.Tag.Get("query"), ",")
		if options[0] == "" {
			continue
		}
		m := &member{name: options[0], index: i, format: shape.TimeFormat(f.Tag.Get("time")), spelling: plain}
		if m.format == "" {
			m.format = shape.ISO8601
		}
		for _, option := range options[1:] {
			m.set(option)
		}
		members = append(members, m)
	}
	p, _ := plans.LoadOrStore(t, members)
	return p.([]*member)
}

func (s *spelling) set(option string) {
	switch name, value, _ := strings.Cut(option, "="); name {
	case "flat":
		s.flat = true
	case "empty":
		s.empty = true
	case "item":
		s.item = value
	case "key":
		s.key = value
	case "value":
		s.val = value
	default:
		panic("query: unknown tag option " + option)
	}
}
