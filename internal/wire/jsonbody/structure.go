package jsonbody

import (
	"reflect"
	"strings"
	"sync"

	"pintail/internal/wire/shape"
)

// structure is the plan of a structure's type.
type structure struct {
	typ     reflect.Type
	compile sync.Once
	members []*member
	byName  map[string]*member
}

// member is one member of a structure that has a place in the body.
type member struct {
	name   string
	quoted []byte // the name as it is written, with its colon
	index  int
	codec  codec
	always bool // written even if it is zero
}

// structures holds one *structure per type. Plans are compiled at first use,
// not when they are made, because shapes may contain themselves.
var structures sync.Map

func structOf(t reflect.Type) *structure {
	p, ok := structures.Load(t)
	if !ok {
		p, _ = structures.LoadOrStore(t, &structure{typ: t})
	}
	return p.(*structure)
}

func (p *structure) plan() *structure {
	p.compile.Do(func() {
		p.byName = make(map[string]*member, p.typ.NumField())
		for i := range p.typ.NumField() {
			f := p.typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || name == "-" {
				continue
			}
			format := shape.TimeFormat(f.Tag.Get("time"))
			if format == "" {
				format = shape.UnixTimestamp
			}
			m := &member{name, append(quote(nil, name), ':'), i, codecOf(f.Type, format), options == ""}
			p.members = append(p.members, m)
			p.byName[name] = m
		}
	})
	return p
}

func (p *structure) decode(s *scanner, v reflect.Value) error {
	p.plan()
	if err := s.enter('{', "an object"); err != nil {
		return err
	}
	for i := 0; ; i++ {
		name, ok, err := s.member(i)
		if !ok {
			return err
		}
		m := p.byName[string(name)]
		if m == nil {
			err = s.skip()
		} else {
			err = m.decode(s, v)
		}
		if err != nil {
			return err
		}
	}
}

func (m *member) decode(s *scanner, v reflect.Value) error {
	null, err := s.null()
	switch {
	case err != nil:
		return err
	case null:
		v.Field(m.index).SetZero()
		return nil
	}
	if err := m.codec.decode(s, v.Field(m.index)); err != nil {
		return shape.In(m.name, err)
	}
	return nil
}

func (p *structure) append(dst []byte, v reflect.Value) ([]byte, error) {
	p.plan()
	dst = append(dst, '{')
	first := true
	for _, m := range p.members {
		field := v.Field(m.index)
		if field.IsZero() && !m.always {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, m.quoted...)
		var err error
		if dst, err = m.codec.append(dst, field); err != nil {
			return dst, shape.In(m.name, err)
		}
	}
	return append(dst, '}'), nil
}
