package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// rewritten are the patterns that need look-around, which Go's expressions
// lack, with equivalents. The model's other constraints on the same strings
// (their length) are taken into account.
var rewritten = map[string]string{
	// A version must not end in a dot.
	`^[0-9A-Za-z\.\-_]*(?<!\.)$`: `(?:[0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?`,
	// An account alias has no two hyphens in a row; its length is 3 to 63.
	`^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$`: `[a-z0-9]+(?:-[a-z0-9]+)*`,
}

// patternLiteral writes a pattern as a Go expression.
func patternLiteral(java string) (string, error) {
	expr, err := translate(java)
	if err != nil {
		return "", err
	}
	if expr == java {
		return "&model.Pattern{Text: " + raw(java) + "}", nil
	}
	return "&model.Pattern{Text: " + raw(java) + ", Expr: " + raw(expr) + "}", nil
}

func raw(s string) string {
	if strings.Contains(s, "`") {
		return strconv.Quote(s)
	}
	return "`" + s + "`"
}

// translate makes a Java regular expression one that Go compiles and that
// matches the same strings.
func translate(java string) (string, error) {
	expr, ok := rewritten[java]
	if !ok {
		expr = rewrite(java)
	}
	if _, err := regexp.Compile(expr); err != nil {
		return "", fmt.Errorf("pattern %s: %w", java, err)
	}
	return expr, nil
}

// rewrite translates the escapes that the two languages spell differently:
// \uXXXX, Java's \s (which holds the vertical tab) and the dot (which stops
// at every line terminator).
func rewrite(java string) string {
	var b strings.Builder
	inClass, dotAll := false, strings.HasPrefix(java, "(?s)")
	for i := 0; i < len(java); i++ {
		switch rest := java[i:]; {
		case escapedRune.MatchString(rest):
			digits := escapedRune.FindStringSubmatch(rest)[1]
			b.WriteString(`\x{` + digits + `}`)
			i += 1 + len(digits)
		case strings.HasPrefix(rest, `\s`):
			b.WriteString(map[bool]string{true: `\s\x0B`, false: `[\s\x0B]`}[inClass])
			i++
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i++
		case rest[0] == '.' && !inClass && !dotAll:
			b.WriteString(`[^\n\r\x{85}\x{2028}\x{2029}]`)
		default:
			switch rest[0] {
			case '[':
				inClass = true
			case ']':
				inClass = false
			}
			b.WriteByte(rest[0])
		}
	}
	return b.String()
}

// escapedRune is \uXXXX. Some models write supplementary characters with five
// or six digits, which Java would read otherwise; what they mean is plain.
var escapedRune = regexp.MustCompile(`^\\u(10[0-9A-Fa-f]{4}|1[0-9A-Fa-f]{4}|[0-9A-Fa-f]{4})`)
