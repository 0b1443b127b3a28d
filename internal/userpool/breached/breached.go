// Package breached tells whether a password is known from a breach, by a list
// that the owner of the server supplies.
//
// A list is a file in one of two forms, which [Open] tells apart by the first
// line. The form of Have I Been Pwned has a SHA-1 hash and a count on each line,
// "0018A45C4D985303FC2AF0C9E5E8F9C1E4E0E1C2:15", in the order of the hashes. It
// may be far larger than the memory, and is never loaded: a question is a binary
// search in the file. Any other file is plain passwords, one on each line, whose
// hashes are kept in memory.
package breached

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// List is a list of breached passwords. Its methods may be called from many
// goroutines. A nil List knows no password.
type List struct {
	file   io.ReaderAt
	size   int64
	close  func() error
	buffer sync.Pool // of *[]byte
	plain  hashes    // instead of file
}

// hash is how a list knows a password.
type hash = [sha1.Size]byte

// Open opens a list. It refuses a file that could not be searched: one of other
// hashes, or one that is not in the order of the hashes.
func Open(path string) (*List, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	l, err := open(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

func open(file *os.File) (*List, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	head := make([]byte, 2*maxLine)
	n, err := file.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch first := firstLine(head[:n]); {
	case isHashLine(first):
		l := newList(file, info.Size())
		l.close = file.Close
		return l, l.checkOrder()
	case isHex(first) && (len(first) == ntlmDigits || len(first) == 2*sha256.Size):
		return nil, errors.New("holds hashes other than SHA-1: download the list of SHA-1 hashes, ordered by hash")
	}
	plain, err := readPlain(file, info.Size())
	if err != nil {
		return nil, err
	}
	return &List{plain: plain}, file.Close()
}

// ntlmDigits is the length of the other hash in which Have I Been Pwned offers
// its list.
const ntlmDigits = 32

// newList returns the list over a file of hashes.
func newList(file io.ReaderAt, size int64) *List {
	return &List{file: file, size: size, buffer: sync.Pool{New: func() any { return new(make([]byte, block+2*maxLine)) }}}
}

// Contains tells whether the list has a password. It returns an error when the
// file cannot be read, or is broken where the password would be.
func (l *List) Contains(password string) (bool, error) {
	if l == nil {
		return false, nil
	}
	wanted := sha1.Sum([]byte(password))
	if l.file == nil {
		return l.plain.has(wanted), nil
	}
	return l.search(wanted)
}

// Close lets go of the file.
func (l *List) Close() error {
	if l == nil || l.close == nil {
		return nil
	}
	return l.close()
}

func firstLine(text []byte) []byte {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line, _, _ = bytes.Cut(line, []byte(":"))
	return bytes.TrimSuffix(line, []byte("\r"))
}

// isHashLine tells whether the part of a line before the colon is a SHA-1 hash.
func isHashLine(part []byte) bool { return len(part) == 2*sha1.Size && isHex(part) }

func isHex(text []byte) bool {
	for _, c := range text {
		if (c < '0' || c > '9') && (c < 'A' || c > 'F') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(text) > 0
}
