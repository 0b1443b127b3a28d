package main

import (
	"strings"
	"unicode"
)

// goName makes a model's name an exported Go name: its first letter in upper
// case, underscores before it (pinpoint's __EndpointTypesElement) gone.
func goName(name string) string {
	name = strings.TrimLeft(name, "_")
	return strings.ToUpper(name[:1]) + name[1:]
}

// localName is an unexported Go name for a shape.
func localName(name string) string {
	name = goName(name)
	return strings.ToLower(name[:1]) + name[1:]
}

// typeName is a shape's Go type. A shape that is named like an operation
// (pinpoint's CreateRecommenderConfiguration) gives way to it.
func (a *api) typeName(shape string) string {
	name := goName(shape)
	if a.Operations[name] != nil {
		name += "Shape"
	}
	return name
}

// constantName joins an enum's type with a value in camel case: SMS_MFA of
// ChallengeNameType is ChallengeNameTypeSmsMfa. Words in capitals are
// lowered; words with lower case letters keep theirs.
func constantName(typeName, value string) string {
	var b strings.Builder
	b.WriteString(typeName)
	words := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for _, w := range words {
		if w == strings.ToUpper(w) {
			w = strings.ToLower(w)
		}
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

// compareNames sorts as readers do, without regard to case.
func compareNames(a, b string) int {
	if c := strings.Compare(strings.ToLower(a), strings.ToLower(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}
