package userpool

import (
	"slices"
	"strings"

	"pintail/internal/store"
)

// filter is a parsed filter of ListUsers: one attribute, compared with one value.
type filter struct {
	attribute string
	prefix    bool // ^= instead of =
	value     string
}

// parseFilter reads a filter such as `email ^= "ada@"`. In the value, a backslash
// makes a quotation mark or a backslash stand for itself (Cognito API reference,
// ListUsers).
func parseFilter(text string) (filter, error) {
	malformed := invalid("Error while parsing filter.")
	rest := strings.TrimLeft(text, blanks)
	end := strings.IndexAny(rest, blanks+"=^")
	if end <= 0 {
		return filter{}, malformed
	}
	f := filter{attribute: rest[:end]}
	rest = strings.TrimLeft(rest[end:], blanks)
	rest, f.prefix = strings.CutPrefix(rest, "^")
	rest, equals := strings.CutPrefix(rest, "=")
	value, quoted := unquote(strings.Trim(rest, blanks))
	if !equals || !quoted || f.attribute == "" {
		return filter{}, malformed
	}
	if _, known := f.index(); !known {
		return filter{}, invalid("Invalid search attribute: %s", f.attribute)
	}
	f.value = value
	return f, nil
}

const blanks = " \t\r\n"

// unquote returns what stands between quotation marks.
func unquote(text string) (string, bool) {
	if len(text) < 2 || text[0] != '"' {
		return "", false
	}
	var value strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return value.String(), i == len(text)-1
		case '\\':
			if i++; i == len(text) || text[i] != '"' && text[i] != '\\' {
				return "", false
			}
		}
		value.WriteByte(text[i])
	}
	return "", false
}

// filterIndexes are the attributes of a filter whose index has another name.
var filterIndexes = map[string]string{
	"username": "username", "cognito:user_status": "user_status", "status": "status", attrSub: attrSub,
}

// index returns the users' index that answers the filter.
func (f filter) index() (string, bool) {
	if slices.Contains(searchable, f.attribute) {
		return f.attribute, true
	}
	name, ok := filterIndexes[f.attribute]
	return name, ok
}

// query returns the walk that finds the filter's users. Where values are longer
// than what the index holds it finds too many; matches tells.
func (f filter) query() store.Query {
	index, _ := f.index()
	value := indexed(f.folded(f.value))
	if f.prefix {
		return store.Query{Index: index, Match: store.Prefix(value)}
	}
	return store.Query{Index: index, Match: store.Equal(value)}
}

// matches tells whether a user is one of the filter's.
func (f filter) matches(u *user) bool {
	have, want := f.folded(f.of(u)), f.folded(f.value)
	if f.prefix {
		return strings.HasPrefix(have, want)
	}
	return have == want
}

// folded returns the form in which the filter compares: only cognito:user_status
// ignores case.
func (f filter) folded(value string) string {
	if f.attribute == "cognito:user_status" {
		return strings.ToLower(value)
	}
	return value
}

// of returns the filter's attribute of a user.
func (f filter) of(u *user) string {
	switch f.attribute {
	case "username":
		return u.Username
	case "cognito:user_status":
		return string(u.Status)
	case "status":
		return enabledText(u)
	case attrSub:
		return u.Sub
	}
	return u.Attributes[f.attribute]
}
