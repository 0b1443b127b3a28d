// Package jsonbody turns JSON documents into generated structures and back. It
// is the half that AWS JSON 1.1 and REST-JSON share; jsonrpc and restjson call
// it, nothing else does.
//
// A document is scanned once, straight into the structure, along a plan that
// is made once per type. Reading is strict about form and forgiving about
// content, as AWS's own services are:
//
//   - malformed JSON, invalid UTF-8, anything after the document, more than
//     MaxDepth levels, numbers out of range and values of the wrong kind are
//     refused (a number is never taken for a string, nor "true" for true);
//   - unknown members are skipped; names are case-sensitive; of a repeated
//     name the last value counts, as a whole;
//   - null is absent: a null member or map entry leaves nothing behind, a null
//     list element keeps its place as a zero value, so that positions stay;
//   - half of a surrogate pair, which JavaScript sends when it cuts a string
//     inside an emoji, becomes U+FFFD.
//
// Writing is deterministic: members in the model's order, map keys sorted.
package jsonbody

import (
	"reflect"
	"strconv"
	"unicode/utf8"

	"pintail/internal/wire/shape"
)

// MaxDepth is how many objects and arrays may be inside each other.
const MaxDepth = 64

// Unmarshal reads a document into the structure that v points to, which must
// be zero. The error is a *shape.Error; the structure may then be half filled.
func Unmarshal(data []byte, v any) error {
	if !utf8.Valid(data) {
		return shape.Problem("the body is not valid UTF-8")
	}
	s := scanner{data: data, spare: 1<<20 + 32*len(data)}
	if len(data) >= internFrom {
		s.known = new([256]string)
	}
	dst := reflect.ValueOf(v).Elem()
	err := codecOf(dst.Type(), shape.UnixTimestamp).decode(&s, dst)
	if err == nil && (s.peek() != 0 || s.pos < len(data)) {
		err = s.syntax()
	}
	if e, ok := err.(syntaxError); ok {
		return shape.Problem("the body is not valid JSON (at byte " + strconv.Itoa(int(e)) + ")")
	}
	return err
}

// Append writes the structure, or what a pointer to one points to, to the end
// of dst. It fails on numbers that are not finite and on documents that are
// not JSON, which only the program itself can have put there.
func Append(dst []byte, v any) ([]byte, error) {
	src := reflect.Indirect(reflect.ValueOf(v))
	return codecOf(src.Type(), shape.UnixTimestamp).append(dst, src)
}
