package query

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"reflect"
	"slices"
	"time"

	"pintail/internal/gen/model"
	"pintail/internal/wire/shape"
)

// writer builds an XML document. Element names come from the models; only text
// needs escaping.
type writer struct{ buf []byte }

func (w *writer) openRoot(name string, service *model.Service) {
	w.buf = append(append(w.buf, '<'), name...)
	if service.XMLNamespace != "" {
		w.buf = append(w.buf, ` xmlns="`...)
		w.text(service.XMLNamespace)
		w.buf = append(w.buf, '"')
	}
	w.buf = append(w.buf, '>')
}

func (w *writer) open(name string) {
	w.buf = append(append(append(w.buf, '<'), name...), '>')
}

func (w *writer) close(name string) {
	w.buf = append(append(append(w.buf, "</"...), name...), '>')
}

func (w *writer) element(name, text string) {
	w.open(name)
	w.text(text)
	w.close(name)
}

// text writes character data. What XML cannot hold becomes U+FFFD.
func (w *writer) text(s string) {
	buf := bytes.NewBuffer(w.buf)
	_ = xml.EscapeText(buf, []byte(s)) // a bytes.Buffer takes everything
	w.buf = buf.Bytes()
}

// structure writes the members that are there.
func (w *writer) structure(v reflect.Value) error {
	for _, m := range membersOf(v.Type()) {
		field := v.Field(m.index)
		if field.IsZero() && !m.empty {
			continue
		}
		if err := w.value(m.name, field, m.spelling, m.format); err != nil {
			return shape.In(m.name, err)
		}
	}
	return nil
}

// value writes one element, or one per item of a flat list or map.
func (w *writer) value(name string, v reflect.Value, s spelling, f shape.TimeFormat) error {
	if shape.IsScalar(v.Type()) {
		return w.scalar(name, v, f)
	}
	inner := name
	switch v.Kind() {
	case reflect.Slice:
		inner = s.item
	case reflect.Map:
		inner = entry
	}
	if s.flat {
		return w.items(name, v, s, f)
	}
	w.open(name)
	if err := w.items(inner, v, s, f); err != nil {
		return err
	}
	w.close(name)
	return nil
}

// items writes what is inside a value that is no scalar; name is the element
// of each item of a list or a map.
func (w *writer) items(name string, v reflect.Value, s spelling, f shape.TimeFormat) error {
	switch v.Kind() {
	case reflect.Slice:
		for _, elem := range v.Seq2() {
			if err := w.value(name, elem, plain, f); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		return w.entries(name, v, s, f)
	}
	return w.structure(reflect.Indirect(v))
}

// entries writes a map, sorted by key.
func (w *writer) entries(name string, v reflect.Value, s spelling, f shape.TimeFormat) error {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		w.open(name)
		w.element(s.key, key.String())
		if err := w.value(s.val, v.MapIndex(key), plain, f); err != nil {
			return err
		}
		w.close(name)
	}
	return nil
}

// scalar writes a value as text. IAM and STS give times in whole seconds.
func (w *writer) scalar(name string, v reflect.Value, f shape.TimeFormat) error {
	if t, ok := v.Interface().(time.Time); ok {
		v = reflect.ValueOf(t.Truncate(time.Second))
	}
	text, err := shape.AppendText(nil, v, f)
	if err != nil {
		return err
	}
	w.element(name, string(text))
	return nil
}
