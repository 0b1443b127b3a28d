package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"pintail/internal/event/eventfile"
	"pintail/internal/eventstore"
	"pintail/internal/wire"
)

// eventExport is a file of events that somebody asks for.
type eventExport struct {
	App, Type string
	From, To  time.Time
	Format    eventfile.Format
}

func (in *eventExport) read(r *http.Request, _ []byte) (err error) {
	q := r.URL.Query()
	in.App, in.Type = r.PathValue("app"), q.Get("type")
	if in.From, err = moment("from", q.Get("from")); err != nil {
		return err
	}
	if in.To, err = moment("to", q.Get("to")); err != nil {
		return err
	}
	switch in.Format = eventfile.Format(q.Get("format")); in.Format {
	case "":
		in.Format = eventfile.NDJSON
	case eventfile.NDJSON, eventfile.Parquet:
	default:
		return fmt.Errorf("format=%q is neither %s nor %s.", in.Format, eventfile.NDJSON, eventfile.Parquet)
	}
	return nil
}

func (in *eventExport) resources(c *wire.Call) []string { return []string{appARN(c, in.App)} }
func (in *eventExport) recorded() any                   { return in }

// moment reads a time, or a day, which is its beginning in UTC.
func moment(name, text string) (t time.Time, err error) {
	if text == "" {
		return t, nil
	}
	for _, form := range []string{time.RFC3339, time.DateOnly} {
		if t, err = time.Parse(form, text); err == nil {
			return t, nil
		}
	}
	return t, fmt.Errorf("%s=%q is not a time such as 2026-01-31T12:00:00Z or 2026-01-31.", name, text)
}

// errExported ends a scan at the last event that was there when an export began.
var errExported = errors.New("exported")

// exportEvents answers with a file of events, written as the log is read. A failure
// on the way breaks the connection, so that nobody takes a part for the whole.
func (a *App) exportEvents(w http.ResponseWriter, r *http.Request, c *wire.Call, in *eventExport) error {
	if err := a.audience.CheckApp(r.Context(), in.App); err != nil {
		return err
	}
	unbounded(w)
	w.Header().Set("Content-Type", in.Format.MediaType())
	if err := a.writeEvents(r.Context(), w, c.Account, in); err != nil {
		a.log.Error("an export of events ended early", "app", in.App, "error", err)
		panic(http.ErrAbortHandler)
	}
	return nil
}

func (a *App) writeEvents(ctx context.Context, w http.ResponseWriter, account string, in *eventExport) error {
	file, err := eventfile.New(in.Format, account, &patientWriter{to: w, control: http.NewResponseController(w)})
	if err != nil {
		return err
	}
	last, err := a.events.Last(ctx)
	if err != nil {
		return err
	}
	q := eventstore.Query{Filter: eventstore.Filter{App: in.App, Type: in.Type, From: in.From, To: in.To}}
	err = a.events.Scan(ctx, q, func(cursor eventstore.Cursor, e *eventstore.Event) error {
		if cursor > last {
			return errExported
		}
		return file.Write(e)
	})
	if err != nil && !errors.Is(err, errExported) {
		return err
	}
	return file.Close()
}

// writePatience is how long a reader of a long answer may take for a part of it.
const writePatience = time.Minute

// patientWriter gives the reader time anew for every part.
type patientWriter struct {
	to      http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (w *patientWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(writePatience))
	return w.to.Write(p)
}
