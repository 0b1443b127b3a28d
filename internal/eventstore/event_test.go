package eventstore

import (
	"testing"
	"time"
	"unicode/utf8"
)

func TestHashNeverChanges(t *testing.T) {
	// Values of XXH3-64 from its reference implementation's specification: the
	// stored hashes of every data folder depend on them.
	for id, want := range map[string]uint64{"": 0, "abc": 0x78af5f94892f3950} {
		if got := Hash(id); got != want {
			t.Errorf("Hash(%q) is %#x, want %#x", id, got, want)
		}
	}
}

func TestBound(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 5e6, time.UTC)
	for given, want := range map[time.Time]time.Time{
		at:                        at,
		at.Add(1):                 at.Add(time.Millisecond),
		at.Add(-1):                at,
		at.Add(time.Microsecond):  at.Add(time.Millisecond),
		at.Add(-time.Millisecond): at.Add(-time.Millisecond),
		time.Date(-9000, 1, 1, 0, 0, 0, 0, time.UTC): time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(90000, 1, 1, 0, 0, 0, 0, time.UTC): time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
	} {
		if got := Bound(given); !got.Equal(want) {
			t.Errorf("Bound(%v) is %v, want %v", given, got, want)
		}
	}
}

// TestTextFieldsAreApart: no two fields share a name or a place.
func TestTextFieldsAreApart(t *testing.T) {
	var e Event
	names := map[string]bool{}
	for _, field := range TextFields {
		if names[field.Name] || *field.Of(&e) != "" {
			t.Errorf("field %s is there twice", field.Name)
		}
		names[field.Name] = true
		*field.Of(&e) = field.Name
	}
}

func FuzzPrepare(f *testing.F) {
	f.Add("model", "name", "value")
	f.Add("a\x00b", "\xff", "\xc3\x28")
	f.Fuzz(func(t *testing.T, model, name, value string) {
		now := time.Now()
		given := Event{
			App: "app", Timestamp: now, Arrival: now, Model: model,
			Attributes: map[string]string{name: value}, Metrics: map[string]float64{name: 1},
		}
		events, err := Prepare([]Event{given})
		if err != nil {
			t.Fatal(err)
		}
		e := events[0]
		texts := []string{e.Model}
		for name, value := range e.Attributes {
			texts = append(texts, name, value)
		}
		for name := range e.Metrics {
			texts = append(texts, name)
		}
		if len(texts) != 4 {
			t.Fatalf("%d texts are left", len(texts))
		}
		for _, text := range texts {
			if !plain(text) || utf8.RuneCountInString(text) > len(model)+len(name)+len(value) {
				t.Errorf("%q was not repaired", text)
			}
		}
		if plain(model) && e.Model != model {
			t.Errorf("%q became %q", model, e.Model)
		}
	})
}
