package trigger

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// AWS sends a member that has no value yet as null, and functions write into it.
// These types are the plain ones, but for being null when they are zero; a null in
// an answer is zero again.
type (
	Flag bool              // true or null
	Text string            // null for ""
	Map  map[string]string // null for nil; null values in an answer count as left out
	List []string          // null for nil
)

// MarshalJSONTo writes true or null.
func (f Flag) MarshalJSONTo(e *jsontext.Encoder) error {
	if f {
		return e.WriteToken(jsontext.True)
	}
	return e.WriteToken(jsontext.Null)
}

// MarshalJSONTo writes a string, or null for an empty one.
func (t Text) MarshalJSONTo(e *jsontext.Encoder) error {
	if t == "" {
		return e.WriteToken(jsontext.Null)
	}
	return e.WriteToken(jsontext.String(string(t)))
}

// MarshalJSONTo writes an object, or null for a nil map.
func (m Map) MarshalJSONTo(e *jsontext.Encoder) error {
	if m == nil {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, map[string]string(m))
}

// UnmarshalJSONFrom reads an object of strings.
func (m *Map) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	var values map[string]*string
	if err := json.UnmarshalDecode(d, &values); err != nil {
		return err
	}
	*m = nil
	if values != nil {
		*m = make(Map, len(values))
	}
	for name, value := range values {
		if value != nil {
			(*m)[name] = *value
		}
	}
	return nil
}

// MarshalJSONTo writes an array, or null for a nil list.
func (l List) MarshalJSONTo(e *jsontext.Encoder) error {
	if l == nil {
		return e.WriteToken(jsontext.Null)
	}
	return json.MarshalEncode(e, []string(l))
}
