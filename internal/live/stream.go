package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// ErrFull says that as many feeds are open on this node as may be.
var ErrFull = errors.New("live: too many feeds are open")

// ErrID says that an id, after which a reader wants to go on, is none of a feed.
var ErrID = errors.New("live: not the id of an item of a feed")

// Serve is a feed, as the answer to a request, until the request or the server ends,
// the reader is gone or too slow, or the feed has lasted long enough. It returns
// [ErrFull] or [ErrID] if it has not answered; what ends a feed that has begun
// is no error.
func (f *Feeds) Serve(w http.ResponseWriter, r *http.Request, q Query) error {
	if q.After != "" && idOf(position(q.After)) != q.After {
		return ErrID
	}
	select {
	case f.open <- struct{}{}:
		defer func() { <-f.open }()
	default:
		return ErrFull
	}
	ctx, cancel := context.WithTimeout(r.Context(), f.c.Life)
	defer cancel()
	defer context.AfterFunc(f.stopped, cancel)()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies hold answers back else
	out := &stream{to: w, control: http.NewResponseController(w), patience: f.c.Patience}
	// The server's own bounds are for requests that end.
	_ = out.control.SetReadDeadline(time.Time{})
	err := (&feed{Feeds: f, q: q, out: out}).run(ctx)
	if ctx.Err() == nil && !out.gone {
		f.c.Log.Error("a live feed ended", "error", err)
	}
	return nil
}

// stream writes server-sent events.
type stream struct {
	to       http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	buffer   bytes.Buffer
	wrote    time.Time
	gone     bool // the reader
}

// maxBuffer is how much is written at once, in bytes.
const maxBuffer = 64 << 10

// item adds an item, and writes when there is enough.
func (s *stream) item(kind, id string, data any) error {
	fmt.Fprintf(&s.buffer, "event: %s\nid: %s\ndata: ", kind, id)
	if err := json.NewEncoder(&s.buffer).Encode(data); err != nil { // which ends the line
		return err
	}
	s.buffer.WriteByte('\n')
	if s.buffer.Len() < maxBuffer {
		return nil
	}
	return s.flush()
}

// beat tells the reader that the feed lives and where it is: an item without data
// is none, and its id counts.
func (s *stream) beat(id string) error {
	fmt.Fprintf(&s.buffer, ": \nid: %s\n\n", id)
	return s.flush()
}

// flush writes what there is. A reader that does not take it in time has lost the
// feed.
func (s *stream) flush() error {
	if s.buffer.Len() == 0 {
		return nil
	}
	defer s.buffer.Reset()
	s.wrote = time.Now()
	_ = s.control.SetWriteDeadline(s.wrote.Add(s.patience))
	_, err := s.to.Write(s.buffer.Bytes())
	if err == nil {
		err = s.control.Flush()
	}
	s.gone = err != nil
	return err
}
