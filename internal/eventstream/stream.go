package eventstream

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"pintail/internal/access"
	"pintail/internal/eventstore"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// streams are the projects' streams, one each at most. The account owns them; the id is
// the project's.
var streams = store.NewCollection[pinpoint.EventStream]("event_stream")

// position is how far a project's stream has come, at rest beside it.
type position struct {
	App    string
	Region string            // of the project, as the one who configured the stream saw it
	Cursor eventstore.Cursor // the receiver has everything up to here
	Test   bool              `json:",omitzero"` // a record for testing has to be sent first

	// Node follows the stream, until another may.
	Node  string    `json:",omitzero"`
	Until time.Time `json:",omitzero"`

	// Since is when the oldest of the events arrived that are known to wait; zero when
	// none was left the last time.
	Since    time.Time `json:",omitzero"`
	Failures int       `json:",omitzero"` // attempts since the last that succeeded
	Error    string    `json:",omitzero"` // of the last of them
	Retry    time.Time `json:",omitzero"` // when the next is due
	Taken    int64     `json:",omitzero"` // records since the stream was configured
}

var positions = store.NewCollection[position]("event_stream_position")

// dateFormat is how Pinpoint writes dates.
const dateFormat = "2006-01-02T15:04:05.000Z"

// pinpointService is Pinpoint in trust policies.
const pinpointService = "pinpoint.amazonaws.com"

// streamARN is the form of the ARNs of streams and delivery streams.
var streamARN = regexp.MustCompile(`^arn:aws:(?:kinesis:[a-z0-9-]+:[0-9]{12}:stream|firehose:[a-z0-9-]+:[0-9]{12}:deliverystream)/[A-Za-z0-9_.-]{1,128}$`)

// actionOf is what a role has to allow on a stream.
func actionOf(arn string) string {
	if strings.HasPrefix(arn, "arn:aws:firehose:") {
		return "firehose:PutRecordBatch"
	}
	return "kinesis:PutRecords"
}

// putEventStream implements PutEventStream: a new stream begins with the next event; one
// that gets another destination goes on where it was.
func (s *Service) putEventStream(ctx context.Context, c *wire.Call, in *pinpoint.PutEventStreamRequest) (*pinpoint.PutEventStreamResponse, error) {
	app := in.ApplicationId
	if err := s.Audience.CheckApp(ctx, app); err != nil {
		return nil, err
	}
	wanted := &pinpoint.EventStream{
		ApplicationId: app, DestinationStreamArn: in.WriteEventStream.DestinationStreamArn, RoleArn: in.WriteEventStream.RoleArn,
		LastModifiedDate: c.Time.UTC().Format(dateFormat), LastUpdatedBy: c.Caller.ARN,
	}
	if !streamARN.MatchString(wanted.DestinationStreamArn) {
		return nil, pinpoint.BadRequestException.New("DestinationStreamArn must be the ARN of an Amazon Kinesis data stream or an Amazon Data Firehose delivery stream.")
	}
	if err := s.Roles.MayPassTo(ctx, c, pinpointService, wanted.RoleArn); err != nil {
		return nil, err
	}
	if err := s.permitted(ctx, wanted, c.Region); err != nil {
		if isRefusal(err) {
			return nil, pinpoint.BadRequestException.Newf("Amazon Pinpoint cannot write to the stream by the role of RoleArn: it must exist, trust %s and allow %s on the stream.",
				pinpointService, actionOf(wanted.DestinationStreamArn)).WithReason(err.Error())
		}
		return nil, err
	}
	last := s.Events.Stats().Last
	err := s.DB.Update(ctx, func(tx store.Tx) error {
		p, err := positions.Get(tx, s.Account, app)
		if errors.Is(err, store.ErrNotFound) {
			p, err = &position{App: app, Cursor: last}, nil
		}
		if err != nil {
			return err
		}
		p.Region, p.Test, p.Retry = c.Region, true, time.Time{}
		if err := positions.Put(tx, s.Account, app, p); err != nil {
			return err
		}
		tx.AfterCommit(s.poke)
		return streams.Put(tx, s.Account, app, wanted)
	})
	if err != nil {
		return nil, err
	}
	return &pinpoint.PutEventStreamResponse{EventStream: wanted}, nil
}

// permitted returns an error unless Pinpoint may write to the stream on the project's
// behalf.
func (s *Service) permitted(ctx context.Context, to *pinpoint.EventStream, region string) error {
	return s.Roles.Permits(ctx, access.ServiceCall{
		Service: pinpointService, RoleARN: to.RoleArn, Region: region, Session: "PinpointEventStream",
		SourceARN: "arn:aws:mobiletargeting:" + region + ":" + s.Account + ":apps/" + to.ApplicationId,
	}, actionOf(to.DestinationStreamArn), to.DestinationStreamArn)
}

// isRefusal tells whether an error of permitted is the role's.
func isRefusal(err error) bool {
	return errors.Is(err, access.ErrNotTrusted) || errors.Is(err, access.ErrForbidden)
}

// getEventStream implements GetEventStream.
func (s *Service) getEventStream(ctx context.Context, _ *wire.Call, in *pinpoint.GetEventStreamRequest) (*pinpoint.GetEventStreamResponse, error) {
	if err := s.Audience.CheckApp(ctx, in.ApplicationId); err != nil {
		return nil, err
	}
	var found *pinpoint.EventStream
	err := s.DB.View(ctx, func(tx store.Tx) (err error) {
		found, err = s.stream(tx, in.ApplicationId)
		return err
	})
	return &pinpoint.GetEventStreamResponse{EventStream: found}, err
}

// stream returns a project's stream or NotFoundException.
func (s *Service) stream(tx store.Tx, app string) (*pinpoint.EventStream, error) {
	found, err := streams.Get(tx, s.Account, app)
	if errors.Is(err, store.ErrNotFound) {
		return nil, pinpoint.NotFoundException.New("The application has no event stream.")
	}
	return found, err
}

// deleteEventStream implements DeleteEventStream. What has not been handed over is not.
func (s *Service) deleteEventStream(ctx context.Context, _ *wire.Call, in *pinpoint.DeleteEventStreamRequest) (*pinpoint.DeleteEventStreamResponse, error) {
	if err := s.Audience.CheckApp(ctx, in.ApplicationId); err != nil {
		return nil, err
	}
	var found *pinpoint.EventStream
	err := s.DB.Update(ctx, func(tx store.Tx) (err error) {
		if found, err = s.stream(tx, in.ApplicationId); err != nil {
			return err
		}
		return s.Forget(tx, in.ApplicationId)
	})
	return &pinpoint.DeleteEventStreamResponse{EventStream: found}, err
}

// Forget deletes a project's stream, if it has one.
func (s *Service) Forget(tx store.Tx, app string) error {
	tx.AfterCommit(s.poke)
	for _, remove := range []func(store.Tx, string, string) error{streams.Delete, positions.Delete} {
		if err := remove(tx, s.Account, app); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	return nil
}

// State is how a project's stream is doing.
type State struct {
	App, Destination string
	Lag              time.Duration // how long the oldest event has waited that is known to; 0 for none
	Taken            int64         // records since the stream was configured
	Failures         int           // attempts since the last that succeeded
	Error            string        `json:",omitempty"` // of the last of them
	Retry            time.Time     `json:",omitzero"`  // when the next is due
}

// States tells of every stream.
func (s *Service) States(ctx context.Context) (all []State, err error) {
	now := s.Clock.Now()
	err = s.DB.View(ctx, func(tx store.Tx) error {
		for p, err := range positions.All(tx, s.Account, store.Query{}) {
			if err != nil {
				return err
			}
			to, err := streams.Get(tx, s.Account, p.App)
			if err != nil {
				return err
			}
			state := State{App: p.App, Destination: to.DestinationStreamArn, Taken: p.Taken, Failures: p.Failures, Error: p.Error, Retry: p.Retry}
			if !p.Since.IsZero() {
				state.Lag = max(now.Sub(p.Since), 0)
			}
			all = append(all, state)
		}
		return nil
	})
	return all, err
}
