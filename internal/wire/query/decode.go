package query

import (
	"cmp"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"pintail/internal/wire/shape"
)

// decoder reads one form. Its keys are sorted, so that everything below a
// prefix is one run of them: reading costs what the form holds, whatever the
// indexes in it say.
type decoder struct {
	form url.Values
	keys []string
}

// under returns the keys that begin with prefix, which is "" or ends in a dot.
func (d *decoder) under(prefix string) []string {
	if prefix == "" {
		return d.keys
	}
	from, _ := slices.BinarySearch(d.keys, prefix)
	n, _ := slices.BinarySearchFunc(d.keys[from:], prefix, func(key, prefix string) int {
		if strings.HasPrefix(key, prefix) {
			return -1
		}
		return 1
	})
	return d.keys[from : from+n]
}

// structure reads the members below prefix.
func (d *decoder) structure(prefix string, v reflect.Value, depth int) error {
	for _, m := range membersOf(v.Type()) {
		if err := d.value(prefix+m.name, v.Field(m.index), m.spelling, m.format, depth); err != nil {
			return shape.In(m.name, err)
		}
	}
	return nil
}

// value reads what is spelled at and below path; nothing there leaves v alone.
func (d *decoder) value(path string, v reflect.Value, s spelling, f shape.TimeFormat, depth int) error {
	if shape.IsScalar(v.Type()) {
		return d.scalar(path, v, f)
	}
	if len(d.under(path+".")) == 0 {
		return d.empty(path, v)
	}
	if depth++; depth > maxDepth {
		return shape.Problem("nested too deeply")
	}
	switch v.Kind() {
	case reflect.Slice:
		return d.list(path, v, s, f, depth)
	case reflect.Map:
		return d.dict(path, v, s, f, depth)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	return d.structure(path+".", v, depth)
}

func (d *decoder) scalar(path string, v reflect.Value, f shape.TimeFormat) error {
	values := d.form[path]
	switch len(values) {
	case 0:
		return nil
	case 1:
		return shape.SetText(v, values[0], f)
	}
	return shape.Problem("given more than once")
}

// empty reads "List=", the Query protocol's empty list.
func (d *decoder) empty(path string, v reflect.Value) error {
	values := d.form[path]
	switch {
	case len(values) == 0:
		return nil
	case len(values) > 1 || values[0] != "":
		return shape.Problem("expected numbered or named parameters below it")
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	}
	return nil
}

func (d *decoder) list(path string, v reflect.Value, s spelling, f shape.TimeFormat, depth int) error {
	if !s.flat {
		path += "." + s.item
	}
	items, err := d.items(path + ".")
	if err != nil || len(items) == 0 {
		return err
	}
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := d.value(item.path, list.Index(i), plain, f, depth); err != nil {
			return shape.In(strconv.Itoa(item.index), err)
		}
	}
	v.Set(list)
	return nil
}

func (d *decoder) dict(path string, v reflect.Value, s spelling, f shape.TimeFormat, depth int) error {
	if !s.flat {
		path += "." + entry
	}
	items, err := d.items(path + ".")
	if err != nil || len(items) == 0 {
		return err
	}
	m := reflect.MakeMapWithSize(v.Type(), len(items))
	for _, item := range items {
		key := reflect.New(v.Type().Key()).Elem()
		elem := reflect.New(v.Type().Elem()).Elem()
		if len(d.form[item.path+"."+s.key]) == 0 {
			return shape.In(strconv.Itoa(item.index), shape.Problem("the entry has no key"))
		}
		if err := d.scalar(item.path+"."+s.key, key, f); err != nil {
			return shape.In(strconv.Itoa(item.index), err)
		}
		if err := d.value(item.path+"."+s.val, elem, plain, f, depth); err != nil {
			return shape.In(strconv.Itoa(item.index), err)
		}
		m.SetMapIndex(key, elem)
	}
	v.Set(m)
	return nil
}

// item is an element of a list or a map as the form spells it.
type item struct {
	index int
	path  string
}

// items returns the numbered elements below prefix, in the order of their
// indexes. Keys below one element are not always neighbours ("1", "1-", "1.x"),
// so elements are told apart by their text and not by their position.
func (d *decoder) items(prefix string) ([]item, error) {
	seen := map[string]bool{}
	var items []item
	for _, key := range d.under(prefix) {
		number, _, _ := strings.Cut(key[len(prefix):], ".")
		if seen[number] {
			continue
		}
		seen[number] = true
		index, err := strconv.Atoi(number)
		if err != nil || index < 1 || strconv.Itoa(index) != number {
			return nil, shape.Problem("list elements are numbered from 1")
		}
		items = append(items, item{index, prefix + number})
	}
	slices.SortFunc(items, func(a, b item) int { return cmp.Compare(a.index, b.index) })
	return items, nil
}
