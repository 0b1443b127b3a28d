package userpool

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// defaultStyle is how managed login looks where nobody customized it: the values
// that Describe adds with ReturnMergedResources. Its members are AWS's, its colours
// are this server's.
//
//go:embed managedlogin_defaults.json
var defaultStyle json.RawMessage

var errNoObject = errors.New("userpool: not a JSON object")

// mergeJSON lays one JSON object over another: members that are objects are merged,
// others replaced. An absent one is empty.
func mergeJSON(under, over json.RawMessage) (json.RawMessage, error) {
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
			return nil, errNoObject
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

// assetForms are the first bytes of each form of image; SVG is a text.
var assetForms = map[cognitoidp.AssetExtensionType][]byte{
	cognitoidp.AssetExtensionTypeIco:  {0, 0, 1, 0},
	cognitoidp.AssetExtensionTypeJpeg: {0xFF, 0xD8, 0xFF},
	cognitoidp.AssetExtensionTypePng:  []byte("\x89PNG\r\n\x1a\n"),
	cognitoidp.AssetExtensionTypeWebp: []byte("RIFF"),
}

// checkAssets refuses images that are not what they are said to be, and two for the
// same place.
func checkAssets(list []cognitoidp.AssetType) error {
	for i, a := range list {
		switch {
		case len(a.Bytes) == 0 && a.ResourceId == "":
			return invalid("The asset %s has neither Bytes nor ResourceId.", a.Category)
		case len(a.Bytes) > 0 && !looksLike(a.Extension, a.Bytes):
			return invalid("The asset %s is not an image of the form %s.", a.Category, a.Extension)
		case !takes(a.Category, a.Extension):
			return invalid("The asset %s cannot be an image of the form %s.", a.Category, a.Extension)
		case slices.ContainsFunc(list[:i], func(b cognitoidp.AssetType) bool { return samePlace(a, b) }):
			return invalid("There is more than one asset %s for the colour mode %s.", a.Category, a.ColorMode)
		}
	}
	return nil
}

func looksLike(form cognitoidp.AssetExtensionType, content []byte) bool {
	if form == cognitoidp.AssetExtensionTypeSvg {
		return bytes.Contains(content[:min(len(content), 4096)], []byte("<svg"))
	}
	return bytes.HasPrefix(content, assetForms[form])
}

// takes tells whether an image of the form can be used in a place: only the icons
// of a page are ICO files.
func takes(place cognitoidp.AssetCategoryType, form cognitoidp.AssetExtensionType) bool {
	switch place {
	case cognitoidp.AssetCategoryTypeFaviconIco:
		return form == cognitoidp.AssetExtensionTypeIco
	case cognitoidp.AssetCategoryTypeFaviconSvg:
		return form == cognitoidp.AssetExtensionTypeSvg
	}
	return form != cognitoidp.AssetExtensionTypeIco
}

func samePlace(a, b cognitoidp.AssetType) bool {
	return a.Category == b.Category && a.ColorMode == b.ColorMode && (a.Category != cognitoidp.AssetCategoryTypeIdpButtonIcon || a.ResourceId == b.ResourceId)
}

// withAssets puts new images in the place of those that they replace.
func withAssets(have, given []cognitoidp.AssetType) []cognitoidp.AssetType {
	have = slices.DeleteFunc(have, func(a cognitoidp.AssetType) bool {
		return slices.ContainsFunc(given, func(b cognitoidp.AssetType) bool { return samePlace(a, b) })
	})
	have = append(have, given...)
	slices.SortStableFunc(have, func(a, b cognitoidp.AssetType) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.ColorMode, b.ColorMode), cmp.Compare(a.ResourceId, b.ResourceId))
	})
	return have
}
