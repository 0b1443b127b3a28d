// Package csvimport reads the file of a user import, as the Cognito developer guide
// describes it in "Formatting the CSV file": a header with the pool's attributes in
// any order, then a row for each user. It is not the CSV of RFC 4180: quotation
// marks are letters like others, and a comma within a value follows a backslash.
//
// The package knows the form of the file and of its values. What the values mean to
// a pool is the room's concern.
package csvimport

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of the developer guide.
const (
	MaxFile = 100 << 20 // bytes
	MaxRows = 500_000   // without the header
	MaxRow  = 16_000    // characters
)

// Columns that are no attributes.
const (
	Username     = "cognito:username"
	MFAEnabled   = "cognito:mfa_enabled"
	PasswordHash = "password_hash"
)

// Errors of reading rows. Their texts are for the import's log, and hold no data.
var (
	ErrTooLong  = fmt.Errorf("The row is longer than %d characters.", MaxRow)
	ErrEncoding = errors.New("The row is not valid UTF-8.")
	ErrFields   = errors.New("The number of values differs from the number of columns in the header.")
	ErrBoolean  = errors.New("The value must be TRUE or FALSE.")
	ErrDate     = errors.New("The value must be a date in the form mm/dd/yyyy.")
	ErrSeconds  = errors.New("The value must be a time in seconds since the epoch.")
)

// Header is the first row: which column holds what.
type Header []string

// HeaderError says why a file's first row is not the header of a pool.
type HeaderError struct{ Problem, Column string }

// Error names the column, which the file's owner wrote.
func (e *HeaderError) Error() string {
	if e.Column == "" {
		return e.Problem
	}
	return e.Problem + ": " + e.Column
}

// maxShown bounds how much of a column's name an error repeats, in bytes.
const maxShown = 100

var byteOrderMark = []byte("\uFEFF")

// ParseHeader reads the first row. Every wanted column must be there, in any order,
// once, and no column that is neither wanted nor optional.
func ParseHeader(row []byte, wanted []string, optional ...string) (Header, error) {
	if bytes.HasPrefix(row, byteOrderMark) {
		return nil, &HeaderError{Problem: "The file begins with a byte order mark"}
	}
	if len(row) == 0 {
		return nil, &HeaderError{Problem: "The file has no header"}
	}
	h, err := split(row)
	if err != nil {
		return nil, &HeaderError{Problem: "The header is not valid UTF-8"}
	}
	seen := make(map[string]bool, len(h))
	for _, name := range h {
		shown := printable(name[:min(len(name), maxShown)])
		switch {
		case name == "":
			return nil, &HeaderError{Problem: "The header has a column without a name"}
		case seen[name]:
			return nil, &HeaderError{"The header has a column twice", shown}
		case !slices.Contains(wanted, name) && !slices.Contains(optional, name):
			return nil, &HeaderError{"The header has an unknown column", shown}
		}
		seen[name] = true
	}
	for _, name := range wanted {
		if !seen[name] {
			return nil, &HeaderError{"The header lacks the column", name}
		}
	}
	return h, nil
}

// printable returns a text as a message can repeat it: NUL could not even be stored.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
}

// Row returns the values of a row by their columns, without those that are empty.
func (h Header) Row(row []byte) (map[string]string, error) {
	if utf8.RuneCount(row) > MaxRow {
		return nil, ErrTooLong
	}
	fields, err := split(row)
	if err != nil {
		return nil, err
	}
	if len(fields) != len(h) {
		return nil, ErrFields
	}
	values := make(map[string]string, 8)
	for i, value := range fields {
		if value != "" {
			values[h[i]] = value
		}
	}
	return values, nil
}

// split returns the trimmed fields of a row.
func split(row []byte) ([]string, error) {
	if !utf8.Valid(row) {
		return nil, ErrEncoding
	}
	var fields []string
	var field strings.Builder
	for i := 0; i < len(row); i++ {
		switch c := row[i]; {
		case c == '\\' && i+1 < len(row) && row[i+1] == ',':
			field.WriteByte(',')
			i++
		case c == ',':
			fields = append(fields, strings.TrimSpace(field.String()))
			field.Reset()
		default:
			field.WriteByte(c)
		}
	}
	return append(fields, strings.TrimSpace(field.String())), nil
}

// Boolean turns TRUE and FALSE, in any case, into an attribute's value.
func Boolean(text string) (string, error) {
	switch strings.ToLower(text) {
	case "true":
		return "true", nil
	case "false":
		return "false", nil
	}
	return "", ErrBoolean
}

// dateForm is how a file has dates: 02/01/1985 is the first of February.
const dateForm = "01/02/2006"

// Birthdate turns mm/dd/yyyy into YYYY-MM-DD.
func Birthdate(text string) (string, error) {
	date, err := time.Parse(dateForm, text)
	if err != nil || len(text) != len(dateForm) {
		return "", ErrDate
	}
	return date.Format(time.DateOnly), nil
}

// maxSeconds is how many digits a time may have: enough for 30,000 years.
const maxSeconds = 12

// Seconds checks a time in seconds since the epoch, and drops leading zeros.
func Seconds(text string) (string, error) {
	if len(text) > maxSeconds || text == "" || strings.Trim(text, "0123456789") != "" {
		return "", ErrSeconds
	}
	if text = strings.TrimLeft(text, "0"); text == "" {
		return "0", nil
	}
	return text, nil
}
