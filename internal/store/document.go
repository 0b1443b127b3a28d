package store

import (
	"bytes"
	"fmt"

	"github.com/go-json-experiment/json"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// encoding makes what is read equal to what was written: nil stays nil.
var encoding = json.JoinOptions(
	json.FormatNilSliceAsNull(true),
	json.FormatNilMapAsNull(true),
	jsonv1.FormatDurationAsNano(true),
)

// encode returns the stored form of a document.
func (c *Collection[T]) encode(item *T) ([]byte, error) {
	doc, err := json.Marshal(item, encoding)
	if err != nil {
		return nil, fmt.Errorf("store: encode %s: %w", c.schema.Name, err)
	}
	if holdsNUL(doc) {
		return nil, ErrNUL
	}
	return doc, nil
}

// decode returns the document of a stored form.
func (c *Collection[T]) decode(doc []byte) (*T, error) {
	item := new(T)
	if err := json.Unmarshal(doc, item, encoding); err != nil {
		return nil, fmt.Errorf("store: decode %s: %w", c.schema.Name, err)
	}
	return item, nil
}

// holdsNUL reports whether a string in a JSON text holds the character U+0000:
// whether the escape for it stands anywhere with its backslash not itself escaped.
func holdsNUL(doc []byte) bool {
	escape := []byte(`\u0000`)
	for rest := doc; ; {
		i := bytes.Index(rest, escape)
		if i < 0 {
			return false
		}
		before := rest[:i]
		if slashes := len(before) - len(bytes.TrimRight(before, `\`)); slashes%2 == 0 {
			return true
		}
		rest = rest[i+len(escape):]
	}
}
