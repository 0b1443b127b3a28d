package jsonbody

import (
	"maps"
	"reflect"
	"slices"

	"pintail/internal/wire/shape"
)

// nativeMap does what mapCodec does, for one Go type and without reflection.
// The attributes and metrics of events are such maps, and most of their bytes.
type nativeMap[T any] struct {
	read  func(s *scanner) (T, error)
	write func(dst []byte, value T) ([]byte, error)
}

var (
	textMap   = nativeMap[string]{(*scanner).string, writeText}
	numberMap = nativeMap[float64]{(*scanner).float64, writeFloat64}
)

func writeText(dst []byte, text string) ([]byte, error) { return quote(dst, text), nil }

func writeFloat64(dst []byte, n float64) ([]byte, error) { return shape.AppendFloat(dst, n, 64) }

func (c nativeMap[T]) decode(s *scanner, v reflect.Value) error {
	if err := s.enter('{', "an object"); err != nil {
		return err
	}
	m := map[string]T{}
	*v.Addr().Interface().(*map[string]T) = m
	for i := 0; ; i++ {
		name, ok, err := s.member(i)
		if !ok {
			return err
		}
		key := s.intern(name)
		null, err := s.null()
		switch {
		case err != nil:
			return err
		case null:
			delete(m, key)
			continue
		}
		if err := s.charge(mapEntry); err != nil {
			return err
		}
		value, err := c.read(s)
		if err != nil {
			return shape.In("*", err)
		}
		m[key] = value
	}
}

func (c nativeMap[T]) append(dst []byte, v reflect.Value) ([]byte, error) {
	m := v.Interface().(map[string]T)
	dst = append(dst, '{')
	for i, k := range slices.Sorted(maps.Keys(m)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(quote(dst, k), ':')
		var err error
		if dst, err = c.write(dst, m[k]); err != nil {
			return dst, shape.In("*", err)
		}
	}
	return append(dst, '}'), nil
}
