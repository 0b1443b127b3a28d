package branding

import (
	"bytes"
	"errors"
	"image"
	_ "image/jpeg" // the forms that a logo can have
	_ "image/png"
)

// maxLogo is the largest logo, in bytes (Cognito developer guide, "Hosted UI
// (classic) branding").
const maxLogo = 100 << 10

// LogoForm returns the form of a logo, png or jpeg, "" without one.
func LogoForm(logo []byte) (string, error) {
	if len(logo) == 0 {
		return "", nil
	}
	if len(logo) > maxLogo {
		return "", errors.New("The image is larger than 100 KB.")
	}
	_, form, err := image.DecodeConfig(bytes.NewReader(logo))
	if err != nil {
		return "", errors.New("The image must be a PNG or JPEG file.")
	}
	return form, nil
}
