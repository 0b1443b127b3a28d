package shapetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// SetJSON sets v, a pointer to a generated structure, to a value of AWS's
// protocol tests: members by name, timestamps in epoch seconds, blobs as text.
func SetJSON(v any, value string) error {
	if value == "" {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader([]byte(value)))
	d.UseNumber()
	var tree any
	if err := d.Decode(&tree); err != nil {
		return err
	}
	return set(reflect.ValueOf(v).Elem(), tree)
}

func set(v reflect.Value, value any) error {
	if value == nil {
		return nil
	}
	switch v.Interface().(type) {
	case time.Time:
		seconds, err := value.(json.Number).Int64()
		v.Set(reflect.ValueOf(time.Unix(seconds, 0).UTC()))
		return err
	case []byte:
		v.SetBytes([]byte(value.(string)))
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return set(v.Elem(), value)
	case reflect.Struct:
		return setStruct(v, value.(map[string]any))
	case reflect.Slice:
		items := value.([]any)
		v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
		for i, item := range items {
			if err := set(v.Index(i), item); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for key, item := range value.(map[string]any) {
			elem := reflect.New(v.Type().Elem()).Elem()
			if err := set(elem, item); err != nil {
				return err
			}
			v.SetMapIndex(reflect.ValueOf(key), elem)
		}
		return nil
	}
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v.Addr().Interface())
}

func setStruct(v reflect.Value, members map[string]any) error {
	for name, value := range members {
		f := v.FieldByNameFunc(func(field string) bool { return strings.EqualFold(field, name) })
		if !f.IsValid() {
			return fmt.Errorf("%s has no member %s", v.Type(), name)
		}
		if err := set(f, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
