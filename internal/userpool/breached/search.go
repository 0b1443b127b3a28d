package breached

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

const (
	// maxLine is longer than any line: a hash, a colon, a count, a line end.
	maxLine = 2*sha1.Size + 1 + 20 + 2
	// block is how much of the file is read at once where the search has narrowed
	// down to it.
	block = 4096
	// samples is how many lines [Open] looks at to see whether they are in order.
	samples = 64
)

var errBroken = errors.New("is no list of hashes")

// search looks for a hash by halving: what begins before low is smaller than it,
// what begins at high or later is greater, and low is the beginning of a line.
func (l *List) search(wanted hash) (bool, error) {
	low, high := int64(0), l.size
	for high-low > block {
		middle := low + (high-low)/2
		at, found, err := l.lineAfter(middle)
		switch {
		case err != nil:
			return false, err
		case at >= high:
			high = middle + 1 // a line may begin at the middle itself
			continue
		}
		switch bytes.Compare(found[:], wanted[:]) {
		case 0:
			return true, nil
		case 1:
			high = middle + 1
		default:
			low = at
		}
	}
	return l.scan(low, high, wanted)
}

// lineAfter returns where the first line begins that begins after a place, and
// its hash. At the end of the file it returns the file's size.
func (l *List) lineAfter(place int64) (at int64, found hash, err error) {
	text, give, err := l.read(place, 2*maxLine)
	if err != nil {
		return 0, found, err
	}
	defer give()
	end := bytes.IndexByte(text, '\n')
	if end < 0 || place+int64(end)+1 >= l.size {
		if place+int64(len(text)) < l.size {
			return 0, found, fmt.Errorf("%w at byte %d", errBroken, place)
		}
		return l.size, found, nil
	}
	at = place + int64(end) + 1
	found, _, err = parseLine(text[end+1:], at)
	return at, found, err
}

// scan looks at every line that begins from low up to high.
func (l *List) scan(low, high int64, wanted hash) (bool, error) {
	text, give, err := l.read(low, int(high-low)+maxLine)
	if err != nil {
		return false, err
	}
	defer give()
	for at := low; at < high; {
		found, length, err := parseLine(text, at)
		if err != nil || found == wanted {
			return err == nil, err
		}
		at += int64(length)
		text = text[length:]
	}
	return false, nil
}

// parseLine reads the line at the beginning of a text and returns its hash and its
// length. at is where the line begins, for the error.
func parseLine(text []byte, at int64) (found hash, length int, err error) {
	const digits = 2 * sha1.Size
	if len(text) < digits {
		return found, 0, fmt.Errorf("%w at byte %d", errBroken, at)
	}
	if _, err := hex.Decode(found[:], text[:digits]); err != nil {
		return found, 0, fmt.Errorf("%w at byte %d", errBroken, at)
	}
	rest := text[digits:]
	end := bytes.IndexByte(rest, '\n')
	switch {
	case end >= 0:
		length = digits + end + 1
	case len(rest) < maxLine-digits: // the last line, without an end
		length, end = len(text), len(rest)
	default:
		return found, 0, fmt.Errorf("%w at byte %d", errBroken, at)
	}
	if tail := bytes.TrimSuffix(rest[:end], []byte("\r")); len(tail) > 0 && tail[0] != ':' {
		return found, 0, fmt.Errorf("%w at byte %d", errBroken, at)
	}
	return found, length, nil
}

// read returns up to n bytes of the file from a place, in a buffer that the caller
// gives back.
func (l *List) read(place int64, n int) (text []byte, give func(), err error) {
	buffer := l.buffer.Get().(*[]byte)
	n = min(n, int(l.size-place))
	read, err := l.file.ReadAt((*buffer)[:n], place)
	if err != nil && !(err == io.EOF && read == n) {
		return nil, nil, err
	}
	return (*buffer)[:n], func() { l.buffer.Put(buffer) }, nil
}

// checkOrder looks at lines all over the file and refuses one that is not in the
// order of the hashes: a search would miss what it holds.
func (l *List) checkOrder() error {
	var last hash
	for i := range int64(samples) {
		at, found, err := l.lineAfter(l.size / samples * i)
		if err != nil {
			return err
		}
		if at == l.size {
			break
		}
		if bytes.Compare(found[:], last[:]) < 0 {
			return errors.New("is not in the order of its hashes: download the list that is ordered by hash")
		}
		last = found
	}
	return nil
}
