package branding

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
)

// DefaultSettings is how managed login looks where nobody customized it: the values
// that Describe adds with ReturnMergedResources. Its members are AWS's, its colours
// are this server's.
//
//go:embed defaults.json
var DefaultSettings json.RawMessage

// ErrSettings means that settings are no JSON object.
var ErrSettings = errors.New("Settings must be a JSON object.")

// Merge lays one JSON object over another and returns the outcome, or [ErrSettings]:
// members that are objects are merged, others replaced. An absent one is empty.
func Merge(under, over json.RawMessage) (json.RawMessage, error) {
	low, high := map[string]any{}, map[string]any{}
	for _, layer := range []struct {
		text json.RawMessage
		into *map[string]any
	}{{under, &low}, {over, &high}} {
		if len(layer.text) == 0 {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(layer.text))
		decoder.UseNumber() // numbers stay as they were written
		if err := decoder.Decode(layer.into); err != nil || *layer.into == nil {
			return nil, ErrSettings
		}
	}
	return json.Marshal(merged(low, high))
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
