package csvimport

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var wanted = []string{"name", "email", Username}

func TestHeader(t *testing.T) {
	t.Parallel()
	for row, want := range map[string]string{
		"name,email,cognito:username":               "",
		" cognito:username , name,\temail":          "",
		"name,email,cognito:username,password_hash": "",
		"":                                             "The file has no header",
		"name,email":                                   "The header lacks the column: cognito:username",
		"name,email,cognito:username,name":             "The header has a column twice: name",
		"name,email,cognito:username,colour":           "The header has an unknown column: colour",
		"name,email,cognito:username,":                 "The header has a column without a name",
		"\"name\",email,cognito:username":              "The header has an unknown column: \"name\"",
		"Name,email,cognito:username":                  "The header has an unknown column: Name",
		"name;email;cognito:username":                  "The header has an unknown column: name;email;cognito:username",
		"\uFEFFname,email,cognito:username":            "The file begins with a byte order mark",
		"name,email,cognito:username\xff":              "The header is not valid UTF-8",
		strings.Repeat("x", 99) + "é,cognito:username": "The header has an unknown column: " + strings.Repeat("x", 99),
	} {
		h, err := ParseHeader([]byte(row), wanted, PasswordHash)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", row, got, want)
		}
		if err == nil && (!slices.Contains(h, Username) || slices.Contains(h, PasswordHash) != strings.Contains(row, PasswordHash)) {
			t.Errorf("%q: %v", row, h)
		}
	}
}

func TestRow(t *testing.T) {
	t.Parallel()
	header := Header{"name", "email", Username}
	for _, test := range []struct {
		row  string
		want map[string]string
		err  error
	}{
		{"Ada,ada@example.org,ada", map[string]string{"name": "Ada", "email": "ada@example.org", Username: "ada"}, nil},
		{"  Ada L. ,\t, ada ", map[string]string{"name": "Ada L.", Username: "ada"}, nil},
		{`Lovelace\, Ada,,ada`, map[string]string{"name": "Lovelace, Ada", Username: "ada"}, nil},
		{`C:\dir,,a\`, map[string]string{"name": `C:\dir`, Username: `a\`}, nil},
		{`a\\,b,,x`, map[string]string{"name": `a\,b`, Username: "x"}, nil},
		{`"Ada",,"ada"`, map[string]string{"name": `"Ada"`, Username: `"ada"`}, nil},
		{"Zoë Ωμέγα,,ζ", map[string]string{"name": "Zoë Ωμέγα", Username: "ζ"}, nil},
		{",,", map[string]string{}, nil},
		{"Ada,ada@example.org", nil, ErrFields},
		{"Ada,ada@example.org,ada,", nil, ErrFields},
		{"Ad\xe9,,ada", nil, ErrEncoding},
		{strings.Repeat("é", MaxRow-5) + ",,ada", map[string]string{"name": strings.Repeat("é", MaxRow-5), Username: "ada"}, nil},
		{strings.Repeat("é", MaxRow-4) + ",,ada", nil, ErrTooLong},
	} {
		got, err := header.Row([]byte(test.row))
		if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.err) {
			t.Errorf("%.40q: %v, want %v\n%.400s", test.row, err, test.err, diff)
		}
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		convert func(string) (string, error)
		text    string
		want    string
		err     error
	}{
		{"boolean", Boolean, "TRUE", "true", nil}, {"boolean", Boolean, "FALSE", "false", nil}, {"boolean", Boolean, "true", "true", nil},
		{"boolean", Boolean, "yes", "", ErrBoolean}, {"boolean", Boolean, "1", "", ErrBoolean}, {"boolean", Boolean, "", "", ErrBoolean},
		{"date", Birthdate, "02/01/1985", "1985-02-01", nil}, {"date", Birthdate, "12/31/1815", "1815-12-31", nil}, {"date", Birthdate, "02/29/2000", "2000-02-29", nil},
		{"date", Birthdate, "02/29/1900", "", ErrDate}, {"date", Birthdate, "13/01/1985", "", ErrDate}, {"date", Birthdate, "2/1/1985", "", ErrDate},
		{"date", Birthdate, "1985-02-01", "", ErrDate}, {"date", Birthdate, "02/01/85", "", ErrDate}, {"date", Birthdate, "02/01/1985x", "", ErrDate},
		{"seconds", Seconds, "1471453471", "1471453471", nil}, {"seconds", Seconds, "0", "0", nil}, {"seconds", Seconds, "007", "7", nil},
		{"seconds", Seconds, "1.5", "", ErrSeconds}, {"seconds", Seconds, "-1", "", ErrSeconds}, {"seconds", Seconds, "1e9", "", ErrSeconds},
		{"seconds", Seconds, "2016-08-17", "", ErrSeconds}, {"seconds", Seconds, "1234567890123", "", ErrSeconds},
	} {
		if got, err := test.convert(test.text); got != test.want || !errors.Is(err, test.err) {
			t.Errorf("%s %q: %q %v, want %q %v", test.name, test.text, got, err, test.want, test.err)
		}
	}
}

// rows reads all rows of a text, as "line:row" or "line!" for one that is too long.
func rows(t rapid.TB, r *Reader) (all []string) {
	t.Helper()
	for {
		row, line, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return all
		case errors.Is(err, ErrTooLong):
			all = append(all, fmt.Sprint(line, "!"))
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, fmt.Sprint(line, ":", string(row)))
		}
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", buffer+1)
	for text, want := range map[string][]string{
		"":                         nil,
		"\n\r\n \t\n":              nil,
		"a\nb":                     {"1:a", "2:b"},
		"a\r\n\r\nb\r\n":           {"1:a", "3:b"},
		"a\n" + long + "\nb\n":     {"1:a", "2!", "3:b"},
		long:                       {"1!"},
		long + long + "\n\n" + "b": {"1!", "3:b"},
		" a , b \n":                {"1:a , b"},
	} {
		if diff := cmp.Diff(want, rows(t, NewReader(strings.NewReader(text), Position{}))); diff != "" {
			t.Errorf("%.40q: %s", text, diff)
		}
	}
}

type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// A file that cannot be read to its end does not end early.
func TestBrokenFile(t *testing.T) {
	t.Parallel()
	r := NewReader(broken{strings.NewReader("a\nb")}, Position{})
	if _, _, err := r.Next(); err != nil {
		t.Fatal(err)
	}
	if row, _, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q %v", row, err)
	}
}

// Reading on from any position gives what reading through gives, and the counter
// counts what the reader reads.
func TestPositions(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a,b", "\n", "\r\n", " ", "é", "\v", strings.Repeat("y", 40000)})).Draw(t, "parts"), "")
		through := rows(t, NewReader(strings.NewReader(text), Position{}))
		var counter Counter
		_, _ = io.Copy(&counter, trickle{strings.NewReader(text)})
		if counter.Rows() != len(through) {
			t.Fatalf("counted %d rows, read %d", counter.Rows(), len(through))
		}
		var resumed []string
		for at := (Position{}); ; {
			r := NewReader(strings.NewReader(text[at.Offset:]), at)
			row, line, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if errors.Is(err, ErrTooLong) {
				resumed = append(resumed, fmt.Sprint(line, "!"))
			} else {
				resumed = append(resumed, fmt.Sprint(line, ":", string(row)))
			}
			at = r.At()
		}
		if diff := cmp.Diff(through, resumed); diff != "" {
			t.Fatal(diff)
		}
	})
}

// trickle hides WriteTo and reads little by little.
type trickle struct{ r io.Reader }

func (o trickle) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 7)]) }

// Whatever the bytes, a row has the header's columns or is refused, and a value that
// is written with its commas escaped comes back.
func FuzzRow(f *testing.F) {
	f.Add("Ada,ada@example.org,ada")
	f.Add(`Lovelace\, Ada,,\\,`)
	f.Add("\xff,,")
	header := Header{"name", "email", Username}
	f.Fuzz(func(t *testing.T, row string) {
		values, err := header.Row([]byte(row))
		if err != nil {
			return
		}
		escaped := make([]string, len(header))
		for i, column := range header {
			value := values[column]
			if value != strings.TrimSpace(value) {
				t.Fatalf("%q is not trimmed", value)
			}
			if strings.HasSuffix(value, `\`) && i < len(header)-1 {
				return // cannot be written without changing what follows
			}
			escaped[i] = strings.ReplaceAll(value, ",", `\,`)
		}
		again, err := header.Row([]byte(strings.Join(escaped, ",")))
		if err != nil && !errors.Is(err, ErrTooLong) {
			t.Fatal(err)
		}
		if diff := cmp.Diff(values, again); err == nil && diff != "" {
			t.Fatal(diff)
		}
	})
}

func FuzzHeader(f *testing.F) {
	f.Add("name,email,cognito:username")
	f.Add("\uFEFFname")
	f.Fuzz(func(t *testing.T, row string) {
		h, err := ParseHeader([]byte(row), wanted, PasswordHash)
		if err == nil && (len(h) < len(wanted) || len(h) > len(wanted)+1) {
			t.Fatalf("%v", h)
		}
	})
}
