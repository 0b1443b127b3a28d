package jsonbody

import (
	"reflect"
	"slices"
	"strconv"

	"pintail/internal/wire/shape"
)

type pointerCodec struct {
	elem  reflect.Type
	codec codec
}

func (c pointerCodec) decode(s *scanner, v reflect.Value) error {
	if err := s.charge(c.elem.Size()); err != nil {
		return err
	}
	p := reflect.New(c.elem)
	if err := c.codec.decode(s, p.Elem()); err != nil {
		return err
	}
	v.Set(p)
	return nil
}

func (c pointerCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	return c.codec.append(dst, v.Elem())
}

type listCodec struct {
	elem  reflect.Type
	codec codec
}

func (c listCodec) decode(s *scanner, v reflect.Value) error {
	if err := s.enter('[', "an array"); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for i := 0; ; i++ {
		if ok, err := s.more(i, ']'); !ok {
			return err
		}
		if err := s.charge(c.elem.Size()); err != nil {
			return err
		}
		v.Grow(1)
		v.SetLen(i + 1)
		elem := v.Index(i)
		elem.SetZero()
		null, err := s.null()
		if err == nil && !null {
			err = c.codec.decode(s, elem)
		}
		if err != nil {
			return shape.In(strconv.Itoa(i+1), err)
		}
	}
}

func (c listCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.codec.append(dst, v.Index(i)); err != nil {
			return dst, shape.In(strconv.Itoa(i+1), err)
		}
	}
	return append(dst, ']'), nil
}

// oneOrMany is the list of strings under a name. It reads a bare string as a list of one:
// AWS's own examples of Pinpoint's attributes are written in both ways.
type oneOrMany struct{ list codec }

func (c oneOrMany) decode(s *scanner, v reflect.Value) error {
	if s.peek() != '"' {
		return c.list.decode(s, v)
	}
	if err := s.charge(stringType.Size()); err != nil {
		return err
	}
	text, err := s.string()
	if err != nil {
		return err
	}
	v.Set(reflect.ValueOf([]string{text}))
	return nil
}

func (c oneOrMany) append(dst []byte, v reflect.Value) ([]byte, error) { return c.list.append(dst, v) }

// mapEntry is about what a map needs for one entry, beside a large value.
const mapEntry = 40

type mapCodec struct {
	typ   reflect.Type
	codec codec
}

func (c mapCodec) decode(s *scanner, v reflect.Value) error {
	if err := s.enter('{', "an object"); err != nil {
		return err
	}
	m := reflect.MakeMap(c.typ)
	v.Set(m)
	key := reflect.New(c.typ.Key()).Elem()
	elem := reflect.New(c.typ.Elem()).Elem()
	for i := 0; ; i++ {
		name, ok, err := s.member(i)
		if !ok {
			return err
		}
		if err := s.charge(c.typ.Elem().Size() + mapEntry); err != nil {
			return err
		}
		key.SetString(s.intern(name))
		null, err := s.null()
		switch {
		case err != nil:
			return err
		case null:
			m.SetMapIndex(key, reflect.Value{})
			continue
		}
		elem.SetZero()
		if err := c.codec.decode(s, elem); err != nil {
			return shape.In("*", err)
		}
		m.SetMapIndex(key, elem)
	}
}

func (c mapCodec) append(dst []byte, v reflect.Value) ([]byte, error) {
	keys := make([]string, 0, v.Len())
	for k := range v.Seq() {
		keys = append(keys, k.String())
	}
	slices.Sort(keys)
	dst = append(dst, '{')
	key := reflect.New(c.typ.Key()).Elem()
	for i, k := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(quote(dst, k), ':')
		key.SetString(k)
		var err error
		if dst, err = c.codec.append(dst, v.MapIndex(key)); err != nil {
			return dst, shape.In("*", err)
		}
	}
	return append(dst, '}'), nil
}
