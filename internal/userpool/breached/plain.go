package breached

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"fmt"
	"io"
	"slices"
)

const (
	// maxPlain is the largest file of plain passwords, since their hashes are kept
	// in memory.
	maxPlain = 1 << 30
	// maxPassword is the longest line of one: no user pool takes longer passwords.
	maxPassword = 4096
)

// hashes are in order, and each of them is there once.
type hashes []hash

func (h hashes) has(wanted hash) bool {
	_, found := slices.BinarySearchFunc(h, wanted, compare)
	return found
}

func compare(a, b hash) int { return bytes.Compare(a[:], b[:]) }

// readPlain returns the hashes of a file of passwords, one on each line. Blanks
// belong to the passwords; empty lines are left out.
func readPlain(r io.Reader, size int64) (hashes, error) {
	if size > maxPlain {
		return nil, fmt.Errorf("%d MB of plain passwords are more than the %d MB that are kept in memory: use a list of SHA-1 hashes", size>>20, maxPlain>>20)
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxPassword)
	var list hashes
	for first := true; lines.Scan(); first = false {
		line := lines.Bytes() // without its end, "\r\n" too
		if first {
			line = bytes.TrimPrefix(line, []byte("\uFEFF"))
		}
		if len(line) > 0 {
			list = append(list, sha1.Sum(line))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("after %d passwords: %w", len(list), err)
	}
	slices.SortFunc(list, compare)
	return slices.Compact(list), nil
}
