package userpool

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxDeviceName bounds what a stranger's header leaves in the records, in bytes.
const maxDeviceName = 100

// Signs of browsers and systems in a User-Agent header, the more telling first:
// every browser claims to be some other ones too.
var (
	browsers = [][2]string{ // the product token, and the browser
		{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"},
		{"CriOS/", "Chrome"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"},
		{"Version/", "Safari"},
	}
	systems = [][2]string{ // a word, and the system
		{"Windows NT 10", "Windows 10"}, {"Windows", "Windows"}, {"iPhone", "iOS"}, {"iPad", "iOS"}, {"Android", "Android"},
		{"Mac OS X", "Mac OS X"}, {"CrOS", "Chrome OS"}, {"Linux", "Linux"},
	}
)

// deviceName tells a browser and a system from a User-Agent header, such as
// "Firefox 126, Linux". Another program is named as it names itself.
func deviceName(userAgent string) string {
	browser := browserName(userAgent)
	if browser == "" {
		product, _, _ := strings.Cut(userAgent, " ")
		browser = strings.Replace(product, "/", " ", 1)
	}
	return printable(strings.TrimSuffix(strings.TrimPrefix(browser+", "+systemName(userAgent), ", "), ", "))
}

func browserName(userAgent string) string {
	for _, b := range browsers {
		if _, rest, ok := strings.Cut(userAgent, b[0]); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsDigit(r) })
			if end < 0 {
				end = len(rest)
			}
			return strings.TrimSpace(b[1] + " " + rest[:end]) // the major version
		}
	}
	return ""
}

func systemName(userAgent string) string {
	for _, s := range systems {
		if strings.Contains(userAgent, s[0]) {
			return s[1]
		}
	}
	return ""
}

// printable drops what does not belong into a line of text, and what is too much.
func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	for i, r := range text {
		if i+utf8.RuneLen(r) > maxDeviceName {
			return text[:i]
		}
	}
	return text
}
