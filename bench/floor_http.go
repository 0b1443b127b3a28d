package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// bareVerb makes this program a bare HTTP server: "bench bare SIZE".
const bareVerb = "bare"

// serveBare answers every request with so many bytes of JSON, and prints where.
func serveBare(size string) error {
	n, err := strconv.Atoi(size)
	if err != nil {
		return err
	}
	answer := []byte(`"` + strings.Repeat("x", max(n-2, 0)) + `"`)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(l.Addr())
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.Write(answer)
	}))
}

// httpFloor returns how often a second a bare net/http server in a process of
// its own answers the same request, with as many bytes, over as many
// connections.
func (b *bench) httpFloor(ctx context.Context, connections int, r request, size int) (floor, error) {
	self, err := os.Executable()
	if err != nil {
		return floor{}, err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return floor{}, err
	}
	defer out.Close()
	bare, err := start(in, os.Stderr, self, bareVerb, strconv.Itoa(size))
	in.Close()
	if err != nil {
		return floor{}, err
	}
	defer bare.kill()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return floor{}, fmt.Errorf("the bare server did not start: %w", err)
	}
	o, err := drive(ctx, strings.TrimSpace(address), watchProcess(bare.Process.Pid), connections, b.while, func(c *conn, _ int) error {
		body, err := c.do(r)
		if err == nil && len(body) != size {
			err = fmt.Errorf("the bare server answered %d bytes, not %d", len(body), size)
		}
		return err
	})
	return floor{what: "bare net/http handler", rate: o.rate()}, err
}
