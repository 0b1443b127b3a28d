package branding

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"pintail/internal/gen/cognitoidp"
)

// assetForms are the first bytes of each form of image; SVG is a text.
var assetForms = map[cognitoidp.AssetExtensionType][]byte{
	cognitoidp.AssetExtensionTypeIco:  {0, 0, 1, 0},
	cognitoidp.AssetExtensionTypeJpeg: {0xFF, 0xD8, 0xFF},
	cognitoidp.AssetExtensionTypePng:  []byte("\x89PNG\r\n\x1a\n"),
	cognitoidp.AssetExtensionTypeWebp: []byte("RIFF"),
}

// CheckAssets refuses images that are not what they are said to be, and two for the
// same place.
func CheckAssets(list []cognitoidp.AssetType) error {
	for i, a := range list {
		switch {
		case len(a.Bytes) == 0 && a.ResourceId == "":
			return fmt.Errorf("The asset %s has neither Bytes nor ResourceId.", a.Category)
		case len(a.Bytes) > 0 && !looksLike(a.Extension, a.Bytes):
			return fmt.Errorf("The asset %s is not an image of the form %s.", a.Category, a.Extension)
		case !takes(a.Category, a.Extension):
			return fmt.Errorf("The asset %s cannot be an image of the form %s.", a.Category, a.Extension)
		case slices.ContainsFunc(list[:i], func(b cognitoidp.AssetType) bool { return samePlace(a, b) }):
			return fmt.Errorf("There is more than one asset %s for the colour mode %s.", a.Category, a.ColorMode)
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

// WithAssets puts new images in the place of those that they replace.
func WithAssets(have, given []cognitoidp.AssetType) []cognitoidp.AssetType {
	have = slices.DeleteFunc(have, func(a cognitoidp.AssetType) bool {
		return slices.ContainsFunc(given, func(b cognitoidp.AssetType) bool { return samePlace(a, b) })
	})
	have = append(have, given...)
	slices.SortStableFunc(have, func(a, b cognitoidp.AssetType) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.ColorMode, b.ColorMode), cmp.Compare(a.ResourceId, b.ResourceId))
	})
	return have
}
