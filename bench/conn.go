package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const (
	patience  = 30 * time.Second // longest wait for an answer
	maxAnswer = 4 << 20          // bytes
)

// conn is one persistent connection to a server. It is used by one goroutine,
// and does as little as a client can: http.Client would take as much of the two
// processors as the server does.
type conn struct {
	net.Conn
	reader *bufio.Reader
	body   bytes.Buffer
}

func dial(address string) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, reader: bufio.NewReaderSize(c, 32<<10)}, nil
}

// do sends a request and returns the answer's body, which may be read until the
// next call. An answer that is not a success is an error with its text.
func (c *conn) do(r request) ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	if _, err := c.Write(r.bytes); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	c.body.Reset()
	if _, err := c.body.ReadFrom(io.LimitReader(answer.Body, maxAnswer)); err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s: %s", answer.Status, c.body.Bytes())
	}
	return c.body.Bytes(), nil
}

// ask sends a request and reads the answer's JSON into out.
func (c *conn) ask(r request, out any) error {
	body, err := c.do(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fmt.Errorf("answer %q: %w", body, err)
	}
	return nil
}
