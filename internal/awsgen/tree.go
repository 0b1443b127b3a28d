package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// object is a JSON object that keeps its members in the order of the document:
// the order of a shape's members is the order of AWS's validation messages.
type object struct {
	keys   []string
	values map[string]any
}

// get returns the member's value, nil when there is none.
func (o *object) get(key string) any { return o.values[key] }

// set adds a member at the end, or replaces it in place.
func (o *object) set(key string, value any) {
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = value
}

func (o *object) remove(key string) {
	delete(o.values, key)
	o.keys = slices.DeleteFunc(o.keys, func(k string) bool { return k == key })
}

// MarshalJSON writes the members in order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range o.keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(key)
		if err != nil {
			return nil, err
		}
		value, err := marshal(o.values[key])
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// marshal is json.Marshal without the escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// parseTree reads a JSON document into *object, []any, string, json.Number,
// bool and nil.
func parseTree(data []byte) (*object, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("document is a %T, want an object", v)
	}
	return o, nil
}

func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := parseValue(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	return token, nil
}

func parseObject(d *json.Decoder) (*object, error) {
	o := &object{values: map[string]any{}}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, err
		}
		key := name.(string)
		if _, ok := o.values[key]; ok {
			return nil, fmt.Errorf("member %q occurs twice", key)
		}
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		o.set(key, value)
	}
	_, err := d.Token()
	return o, err
}

// patch merges an overlay into base by the rules of JSON Merge Patch (RFC
// 7396): objects merge, null removes, everything else replaces. One rule is
// ours: a list under "name+" is appended to the list under "name".
func patch(base, overlay *object) error {
	for _, key := range overlay.keys {
		value := overlay.values[key]
		if name, ok := strings.CutSuffix(key, "+"); ok {
			if err := extend(base, name, value); err != nil {
				return err
			}
			continue
		}
		switch v := value.(type) {
		case nil:
			if base.get(key) == nil {
				return fmt.Errorf("%s: nothing to remove", key)
			}
			base.remove(key)
		case *object:
			old, ok := base.get(key).(*object)
			if !ok {
				old = &object{values: map[string]any{}}
				base.set(key, old)
			}
			if err := patch(old, v); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		default:
			base.set(key, v)
		}
	}
	return nil
}

// extend appends to a list of base. An element that is already there is a
// sign of a stale overlay and refused.
func extend(base *object, name string, value any) error {
	more, ok := value.([]any)
	if !ok {
		return fmt.Errorf("%s+: not a list", name)
	}
	list, ok := base.get(name).([]any)
	if !ok && base.get(name) != nil {
		return fmt.Errorf("%s+: %s is not a list", name, name)
	}
	for _, v := range more {
		if slices.ContainsFunc(list, func(old any) bool { return equal(old, v) }) {
			return fmt.Errorf("%s+: the model already has %v", name, v)
		}
		list = append(list, v)
	}
	base.set(name, list)
	return nil
}

func equal(a, b any) bool {
	x, errX := marshal(a)
	y, errY := marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
