// Package branding judges how an app's owner wants sign-in pages to look: the style
// sheet and logo of the classic pages, the settings and images of managed login. It
// is pure; package userpool keeps what passes, and calls its errors the caller's
// fault: their texts are for the caller.
package branding

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// cssSelectors are all that a customization of the classic sign-in pages can style
// (Cognito developer guide, "Hosted UI (classic) branding").
var cssSelectors = []string{
	".background-customizable", ".banner-customizable", ".errorMessage-customizable",
	".idpButton-customizable", ".idpButton-customizable:hover", ".idpDescription-customizable",
	".inputField-customizable", ".inputField-customizable:focus", ".label-customizable", ".legalText-customizable",
	".logo-customizable", ".passwordCheck-notValid-customizable", ".passwordCheck-valid-customizable",
	".redirect-customizable", ".socialButton-customizable", ".submitButton-customizable",
	".submitButton-customizable:hover", ".textDescription-customizable",
}

// cssForbidden are what would end a style element, what runs scripts, and addresses
// without quotes in which quotes or comments would mean something else than elsewhere.
var cssForbidden = regexp.MustCompile(`(?i)<|javascript:|expression\(|url\(\s*[^"'\s)][^)]*(["'(]|/\*)`)

// CheckCSS refuses a style sheet that is more than declarations for the selectors
// above. What passes can stand inside a style element.
func CheckCSS(css string) error {
	if found := cssForbidden.FindString(css); found != "" {
		return fmt.Errorf("The CSS must not contain %s", found)
	}
	plain, ok := withoutComments(css)
	if !ok {
		return errors.New("The CSS has a comment or a text without an end.")
	}
	if i := strings.IndexAny(plain, `@\`); i >= 0 {
		return fmt.Errorf("The CSS must not contain %s outside of quotes.", plain[i:i+1])
	}
	for rest := plain; strings.TrimSpace(rest) != ""; {
		selectors, after, opened := strings.Cut(rest, "{")
		declarations, next, closed := strings.Cut(after, "}")
		if !opened || !closed || strings.Contains(declarations, "{") {
			return errors.New("The CSS has braces that do not match.")
		}
		for selector := range strings.SplitSeq(selectors, ",") {
			if selector = strings.TrimSpace(selector); !slices.Contains(cssSelectors, selector) {
				return fmt.Errorf("The CSS has a selector that cannot be customized: %s", selector)
			}
		}
		rest = next
	}
	return nil
}

// withoutComments replaces comments by blanks and the content of quoted texts by
// nothing, so that no brace in them counts. It is false when one has no end.
func withoutComments(css string) (string, bool) {
	var out strings.Builder
	for css != "" {
		start := strings.IndexAny(css, `/"'`)
		if start < 0 {
			out.WriteString(css)
			break
		}
		out.WriteString(css[:start])
		css = css[start:]
		if css[0] != '/' {
			end := endOfText(css)
			if end < 0 {
				return "", false
			}
			out.WriteString(`""`)
			css = css[end:]
			continue
		}
		if !strings.HasPrefix(css, "/*") {
			out.WriteByte('/')
			css = css[1:]
			continue
		}
		end := strings.Index(css[2:], "*/")
		if end < 0 {
			return "", false
		}
		out.WriteByte(' ')
		css = css[2+end+2:]
	}
	return out.String(), true
}

// endOfText returns where the quoted text ends with which css begins, or -1. It
// ends on its line, unless a backslash says otherwise.
func endOfText(css string) int {
	for i := 1; i < len(css); i++ {
		switch css[i] {
		case '\\':
			i++
		case '\n', '\r', '\f':
			return -1
		case css[0]:
			return i + 1
		}
	}
	return -1
}
