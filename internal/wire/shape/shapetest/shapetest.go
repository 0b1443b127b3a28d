// Package shapetest makes arbitrary values of generated types, for the codecs'
// property tests.
package shapetest

import (
	"encoding/json"
	"reflect"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/wire/shape"
)

// Options narrow what Value makes.
type Options struct {
	// Dense values have no absent scalar, no empty string, list or map: the
	// protocols of forms and headers cannot tell those from absent ones.
	Dense bool
	// Seconds keeps timestamps to whole seconds, milliseconds otherwise.
	Seconds bool
}

// maxDepth ends shapes that contain themselves.
const maxDepth = 3

// Value makes a value of T, which a codec must bring back unchanged.
func Value[T any](o Options) *rapid.Generator[T] {
	return rapid.Custom(func(t *rapid.T) T {
		var v T
		o.fill(t, reflect.ValueOf(&v).Elem(), 0)
		return v
	})
}

func (o Options) size(t *rapid.T, depth int) int {
	switch {
	case depth > maxDepth:
		return 0
	case o.Dense:
		return rapid.IntRange(1, 3).Draw(t, "size")
	}
	return rapid.IntRange(0, 3).Draw(t, "size")
}

func (o Options) text(t *rapid.T) string {
	if o.Dense {
		return rapid.StringN(1, -1, -1).Draw(t, "text")
	}
	return rapid.String().Draw(t, "text")
}

func (o Options) fill(t *rapid.T, v reflect.Value, depth int) {
	switch v.Interface().(type) {
	case time.Time:
		ms := rapid.Int64Range(-62135596799000, 253402300799999).Draw(t, "time")
		if o.Seconds {
			ms -= ms % 1000
		}
		v.Set(reflect.ValueOf(time.UnixMilli(ms).UTC()))
		return
	case []byte:
		v.SetBytes(append([]byte{}, o.text(t)...))
		return
	case json.RawMessage:
		v.SetBytes([]byte(rapid.SampledFrom([]string{`{"a":[1,null]}`, `"x"`, `12.5`, `[]`}).Draw(t, "document")))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(o.text(t))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, "bool"))
	case reflect.Int32:
		v.SetInt(int64(rapid.Int32().Draw(t, "int32")))
	case reflect.Int64:
		v.SetInt(rapid.Int64().Draw(t, "int64"))
	case reflect.Float32:
		v.SetFloat(float64(rapid.Float32().Draw(t, "float32")))
	case reflect.Float64:
		v.SetFloat(rapid.Float64().Draw(t, "float64"))
	default:
		o.fillContainer(t, v, depth)
	}
}

func (o Options) fillContainer(t *rapid.T, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			o.fillMember(t, v, i, depth+1)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		o.fill(t, v.Elem(), depth)
	case reflect.Slice:
		n := o.size(t, depth)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			o.fill(t, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range o.size(t, depth) {
			elem := reflect.New(v.Type().Elem()).Elem()
			o.fill(t, elem, depth+1)
			v.SetMapIndex(reflect.ValueOf(o.text(t)).Convert(v.Type().Key()), elem)
		}
	default:
		panic("shapetest: " + v.Type().String() + " is not the type of a shape")
	}
}

// fillMember leaves a member of a structure absent, or fills it.
func (o Options) fillMember(t *rapid.T, v reflect.Value, i, depth int) {
	f, member := v.Type().Field(i), v.Field(i)
	if f.Tag.Get("time") == "rfc822" {
		o.Seconds = true
	}
	scalar := shape.IsScalar(f.Type)
	switch {
	case !scalar && depth > maxDepth:
	case o.Dense, !rapid.Bool().Draw(t, "absent"):
		o.fill(t, member, depth)
	}
}
