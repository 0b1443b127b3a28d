package jsonbody

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
)

// Present returns a function that tells whether the member at a path was sent
// as an empty string, which in a structure looks like one that was not sent.
// Paths are those of model.Checks: names joined with dots, list elements
// counted from 1. The document, which Unmarshal has accepted, is read again at
// the first question. A document without any empty string has no such members:
// the function is then nil.
func Present(data []byte) func(path string) bool {
	if !bytes.Contains(data, []byte(`""`)) {
		return nil
	}
	tree := sync.OnceValue(func() (v any) {
		_ = json.Unmarshal(data, &v) // what cannot be read holds nothing
		return v
	})
	return func(path string) bool { return present(tree(), path) }
}

func present(v any, path string) bool {
	if path == "" {
		return v == ""
	}
	switch v := v.(type) {
	case []any:
		segment, rest, _ := strings.Cut(path, ".")
		i, err := strconv.Atoi(segment)
		return err == nil && 1 <= i && i <= len(v) && present(v[i-1], rest)
	case map[string]any:
		// A map's key may itself contain dots.
		for i := range len(path) {
			if path[i] != '.' {
				continue
			}
			if elem, ok := v[path[:i]]; ok && present(elem, path[i+1:]) {
				return true
			}
		}
		return v[path] == ""
	}
	return false
}
