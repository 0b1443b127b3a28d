package jsonbody

import (
	"hash/maphash"
	"unicode/utf16"
	"unicode/utf8"

	"pintail/internal/wire/shape"
)

// scanner reads one document from front to back. It checks every byte that it
// passes, so what has been read was well formed.
type scanner struct {
	data  []byte
	pos   int
	depth int
	// spare is how many more bytes the decoded lists, maps and structures may
	// take: "[{},{},{}]" must not cost a hundred times its own size.
	spare int
	buf   []byte // of the last string that had escapes
	// known holds strings of the document that may come again, by their hash.
	// A batch of events repeats nearly all of its keys and many values. It is
	// nil for documents that are too short to repeat themselves.
	known *[256]string
}

// Documents and strings between which interning pays.
const (
	internFrom = 2 << 10
	internUpTo = 64
)

var hashSeed = maphash.MakeSeed()

// intern returns the bytes as a string, without copying one that is known.
func (s *scanner) intern(text []byte) string {
	if s.known == nil || len(text) > internUpTo {
		return string(text)
	}
	slot := &s.known[maphash.Bytes(hashSeed, text)%uint64(len(s.known))]
	if *slot != string(text) {
		*slot = string(text)
	}
	return *slot
}

// syntaxError is the offset at which a document stops being JSON.
type syntaxError int

func (syntaxError) Error() string { return "malformed JSON" }

func (s *scanner) syntax() error { return syntaxError(s.pos) }

// mismatch reports a value of another kind than the model wants.
func (s *scanner) mismatch(expected string) error {
	found := ""
	switch c := s.peek(); {
	case c == '"':
		found = "a string"
	case c == '{':
		found = "an object"
	case c == '[':
		found = "an array"
	case c == 't', c == 'f':
		found = "a boolean"
	case c == 'n':
		found = "null"
	case c == '-', '0' <= c && c <= '9':
		found = "a number"
	default:
		return s.syntax()
	}
	return shape.Problem("expected " + expected + ", found " + found)
}

// charge takes n bytes off what the document may still occupy.
func (s *scanner) charge(n uintptr) error {
	if s.spare -= int(n); s.spare < 0 {
		return shape.Problem("the body holds too many values")
	}
	return nil
}

// peek skips white space and returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	for ; s.pos < len(s.data); s.pos++ {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// enter opens an object or an array.
func (s *scanner) enter(open byte, expected string) error {
	if s.peek() != open {
		return s.mismatch(expected)
	}
	if s.depth++; s.depth > MaxDepth {
		return shape.Problem("the body is nested too deeply")
	}
	s.pos++
	return nil
}

// more tells whether the open object or array has an i-th item, counted from 0,
// and closes it if not.
func (s *scanner) more(i int, end byte) (bool, error) {
	switch c := s.peek(); {
	case c == end:
		s.pos++
		s.depth--
		return false, nil
	case i == 0:
		return true, nil
	case c != ',':
		return false, s.syntax()
	}
	s.pos++
	if s.peek() == end {
		return false, s.syntax()
	}
	return true, nil
}

// member reads the name of the open object's i-th member. The name is valid
// until the next string is read.
func (s *scanner) member(i int) (name []byte, ok bool, err error) {
	if ok, err := s.more(i, '}'); !ok {
		return nil, false, err
	}
	if s.peek() != '"' {
		return nil, false, s.syntax()
	}
	if name, err = s.text(); err != nil {
		return nil, false, err
	}
	if s.peek() != ':' {
		return nil, false, s.syntax()
	}
	s.pos++
	return name, true, nil
}

// null reads a null if there is one.
func (s *scanner) null() (bool, error) {
	if s.peek() != 'n' {
		return false, nil
	}
	return true, s.literal("null")
}

func (s *scanner) literal(word string) error {
	if len(s.data)-s.pos < len(word) || string(s.data[s.pos:s.pos+len(word)]) != word {
		return s.syntax()
	}
	s.pos += len(word)
	return nil
}

// boolean reads true or false.
func (s *scanner) boolean() (bool, error) {
	switch s.peek() {
	case 't':
		return true, s.literal("true")
	case 'f':
		return false, s.literal("false")
	}
	return false, s.mismatch("a boolean")
}

// number reads a number and returns its text.
func (s *scanner) number() ([]byte, error) {
	c := s.peek()
	if c != '-' && (c < '0' || c > '9') {
		return nil, s.mismatch("a number")
	}
	start := s.pos
	if c == '-' {
		s.pos++
	}
	if s.at() == '0' {
		s.pos++
	} else if !s.digits() {
		return nil, s.syntax()
	}
	if s.at() == '.' {
		s.pos++
		if !s.digits() {
			return nil, s.syntax()
		}
	}
	if s.at()|0x20 == 'e' {
		s.pos++
		if c := s.at(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return nil, s.syntax()
		}
	}
	return s.data[start:s.pos], nil
}

// at returns the byte at the current position, 0 at the end.
func (s *scanner) at() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.at(); '0' <= c && c <= '9'; c = s.at() {
		s.pos++
	}
	return s.pos > start
}

// plain holds the bytes that stand for themselves inside a string. UTF-8 has
// been checked for the whole document.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= ' ' && c != '"' && c != '\\'
	}
	return t
}()

// text reads a string. The bytes are valid until the next string is read.
func (s *scanner) text() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.mismatch("a string")
	}
	data, start := s.data, s.pos+1
	i := start
	for i < len(data) && plain[data[i]] {
		i++
	}
	s.pos = i
	switch s.at() {
	case '"':
		s.pos++
		return data[start:i], nil
	case '\\':
		return s.unescape(start)
	}
	return nil, s.syntax()
}

// unescape reads the rest of a string that began at start and has its first
// escape at the current position.
func (s *scanner) unescape(start int) ([]byte, error) {
	s.buf = append(s.buf[:0], s.data[start:s.pos]...)
	for {
		start = s.pos
		for s.pos < len(s.data) && plain[s.data[s.pos]] {
			s.pos++
		}
		s.buf = append(s.buf, s.data[start:s.pos]...)
		switch s.at() {
		case '"':
			s.pos++
			return s.buf, nil
		case '\\':
			if err := s.escape(); err != nil {
				return nil, err
			}
		default:
			return nil, s.syntax()
		}
	}
}

// escape reads one escape sequence into the buffer.
func (s *scanner) escape() error {
	s.pos++
	c := s.at()
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r, ok := s.hex4(s.pos + 1)
		if !ok {
			return s.syntax()
		}
		s.pos += 5
		if utf16.IsSurrogate(r) {
			r = s.pair(r)
		}
		s.buf = utf8.AppendRune(s.buf, r)
		return nil
	default:
		return s.syntax()
	}
	s.pos++
	s.buf = append(s.buf, c)
	return nil
}

// pair combines a surrogate with the one that should follow it. A surrogate
// that stands alone becomes U+FFFD and what follows it is left to be read.
func (s *scanner) pair(first rune) rune {
	if s.at() == '\\' && s.pos+1 < len(s.data) && s.data[s.pos+1] == 'u' {
		if second, ok := s.hex4(s.pos + 2); ok {
			if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
				s.pos += 6
				return r
			}
		}
	}
	return utf8.RuneError
}

// hex4 reads four hexadecimal digits.
func (s *scanner) hex4(at int) (r rune, ok bool) {
	if len(s.data)-at < 4 {
		return 0, false
	}
	for _, c := range s.data[at : at+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// skip reads any value and keeps nothing.
func (s *scanner) skip() error {
	var err error
	switch s.peek() {
	case '{':
		if err = s.enter('{', ""); err != nil {
			return err
		}
		for i := 0; ; i++ {
			if _, ok, err := s.member(i); !ok {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	case '[':
		if err = s.enter('[', ""); err != nil {
			return err
		}
		for i := 0; ; i++ {
			if ok, err := s.more(i, ']'); !ok {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		}
	case '"':
		_, err = s.text()
	case 't', 'f':
		_, err = s.boolean()
	case 'n':
		_, err = s.null()
	default:
		_, err = s.number()
	}
	return err
}
