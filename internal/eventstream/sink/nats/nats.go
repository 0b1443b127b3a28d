// Package nats hands records to a subject of NATS. JetStream confirms each record once a
// stream has it, and leaves out one that comes again within the stream's window, by its
// id; core NATS only confirms that the server has read the records.
package nats

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"pintail/internal/destination"
	"pintail/internal/eventstream/sink"
)

type subject struct {
	*destination.NATS
	conn *nats.Conn // nil until the first Put
	js   jetstream.JetStream
}

// New returns the sink for a subject. It connects when it is first used.
func New(n *destination.NATS) sink.Sink { return &subject{NATS: n} }

func (s *subject) connect() error {
	if s.conn != nil && !s.conn.IsClosed() {
		return nil
	}
	options := []nats.Option{nats.Name("pintail"), nats.MaxReconnects(0), nats.NoEcho()} // the stream itself tries again
	if s.Token != "" {
		options = append(options, nats.Token(s.Token))
	}
	conn, err := nats.Connect(s.URL, options...)
	if err != nil {
		return fmt.Errorf("NATS cannot be reached: %w", err)
	}
	s.conn = conn
	s.js, err = jetstream.New(conn)
	return err
}

// Put implements sink.Sink.
func (s *subject) Put(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	if err := s.connect(); err != nil {
		return records, err
	}
	if s.Core {
		return s.putCore(ctx, records)
	}
	answers := make([]jetstream.PubAckFuture, len(records))
	for i, r := range records {
		m := &nats.Msg{Subject: s.Subject, Data: r.Data, Header: nats.Header{jetstream.MsgIDHeader: {r.ID}}}
		if answers[i], err = s.js.PublishMsgAsync(m); err != nil {
			break // the rest is not sent
		}
	}
	for i, answer := range answers {
		if answer == nil {
			return append(left, records[i:]...), err
		}
		if failure := wait(ctx, answer); failure != nil {
			left, err = append(left, records[i]), failure
		}
	}
	return left, err
}

// wait returns why a record was not taken, nil if it was.
func wait(ctx context.Context, answer jetstream.PubAckFuture) error {
	select {
	case <-answer.Ok():
		return nil
	case err := <-answer.Err():
		if errors.Is(err, nats.ErrNoResponders) || errors.Is(err, jetstream.ErrNoStreamResponse) {
			return fmt.Errorf("no stream of JetStream has the subject: %w", err)
		}
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *subject) putCore(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	for _, r := range records {
		if err := s.conn.Publish(s.Subject, r.Data); err != nil {
			return records, err
		}
	}
	if err := s.conn.FlushWithContext(ctx); err != nil {
		return records, err
	}
	if err := s.conn.LastError(); err != nil { // a subject that the user may not publish to
		s.conn.Close() // forgets it
		return records, err
	}
	return nil, nil
}

// Close implements sink.Sink.
func (s *subject) Close() {
	if s.conn != nil {
		s.conn.Close()
	}
}
