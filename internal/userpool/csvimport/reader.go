package csvimport

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf8"
)

// Position is a place between two rows of a file, from which reading can go on.
type Position struct {
	Offset int64 // bytes before it
	Lines  int   // lines before it
}

// Reader reads a file row by row, from any position on.
type Reader struct {
	in *bufio.Reader
	at Position
}

// NewReader reads from a position; in begins there.
func NewReader(in io.Reader, at Position) *Reader {
	return &Reader{bufio.NewReaderSize(in, buffer), at}
}

// At returns the position after the last row that was read.
func (r *Reader) At() Position { return r.at }

// buffer holds any row that is not too long.
const buffer = MaxRow*utf8.UTFMax + 2

// blanks are what a line may hold without being a row.
const blanks = " \t\r\n\v\f"

// Next returns the next row and the number of its line, 1 for the file's first.
// Lines with nothing but white space are no rows. A row is valid until the next
// call. With [ErrTooLong] the row is skipped and reading can go on; at the end of
// the file the error is [io.EOF].
func (r *Reader) Next() (row []byte, line int, err error) {
	for {
		row, err := r.line()
		if err != nil {
			return nil, r.at.Lines, err
		}
		if row = bytes.Trim(row, blanks); len(row) > 0 {
			return row, r.at.Lines, nil
		}
	}
}

// line returns the next line with its end.
func (r *Reader) line() ([]byte, error) {
	part, err := r.in.ReadSlice('\n')
	line, long := part, errors.Is(err, bufio.ErrBufferFull)
	r.at.Offset += int64(len(part))
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = r.in.ReadSlice('\n')
		r.at.Offset += int64(len(part))
	}
	switch {
	case err != nil && !errors.Is(err, io.EOF), len(line) == 0:
		return nil, err
	case long:
		r.at.Lines++
		return nil, ErrTooLong
	}
	r.at.Lines++
	return line, nil
}

// Counter counts the rows of a file that is written to it, with the header.
type Counter struct {
	rows   int
	inside bool // the current line has more than white space
}

// Write never fails.
func (c *Counter) Write(data []byte) (int, error) {
	for _, b := range data {
		switch b {
		case '\n':
			c.inside = false
		case ' ', '\t', '\r', '\v', '\f': // as in blanks
		default:
			if !c.inside {
				c.inside = true
				c.rows++
			}
		}
	}
	return len(data), nil
}

// Rows returns how many rows there were.
func (c *Counter) Rows() int { return c.rows }
