package branding

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
)

// DefaultSettings is how managed login looks where nobody customized it: the values
// that Describe adds with ReturnMergedResources. Its members are AWS's, its colours
// are this server's.
//
//go:embed defaults.json
var DefaultSettings json.RawMessage

var (
	// ErrSettings means that settings are no JSON object.
	ErrSettings = errors.New("Settings must be a JSON object.")
	// ErrNumber means that settings hold a number that no page has a use for.
	ErrNumber = errors.New("Numbers in Settings must be written without an exponent, in at most 32 characters.")
)

// maxNumber is the longest number, in bytes.
const maxNumber = 32

// CheckSettings refuses settings that are no JSON object, by [ErrSettings], and those
// with numbers that are not written out, by [ErrNumber]: a few characters can stand for
// thousands of digits, and a directory may write these or not take them at all.
func CheckSettings(settings json.RawMessage) error {
	object, err := decode(settings)
	if err == nil && !plain(object) {
		err = ErrNumber
	}
	return err
}

// decode reads a JSON object. Numbers stay as they were written.
func decode(text json.RawMessage) (object map[string]any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&object); err != nil || object == nil {
		return nil, ErrSettings
	}
	return object, nil
}

// plain tells whether all numbers in a value are written out.
func plain(value any) bool {
	switch v := value.(type) {
	case json.Number:
		return len(v) <= maxNumber && !strings.ContainsAny(string(v), "eE")
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !plain(item) })
	case map[string]any:
		for _, item := range v {
			if !plain(item) {
				return false
			}
		}
	}
	return true
}

// Merge lays one JSON object over another and returns the outcome, or [ErrSettings]:
// members that are objects are merged, others replaced. An absent one is empty.
func Merge(under, over json.RawMessage) (json.RawMessage, error) {
	layers := [2]map[string]any{{}, {}}
	for i, text := range []json.RawMessage{under, over} {
		if len(text) == 0 {
			continue
		}
		var err error
		if layers[i], err = decode(text); err != nil {
			return nil, err
		}
	}
	return json.Marshal(merged(layers[0], layers[1]))
}

func merged(under, over map[string]any) map[string]any {
	for name, value := range over {
		low, isLow := under[name].(map[string]any)
		high, isHigh := value.(map[string]any)
		if isLow && isHigh {
			value = merged(low, high)
		}
		under[name] = value
	}
	return under
}
