package app

import (
	"context"
	"fmt"
	"time"

	"pintail/internal/destination"
	"pintail/internal/eventstream"
	"pintail/internal/eventstream/sink"
	"pintail/internal/eventstream/sink/kafka"
	"pintail/internal/eventstream/sink/kinesis"
	"pintail/internal/eventstream/sink/nats"
	"pintail/internal/eventstream/sink/webhook"
)

// openStreams makes the room of event streams.
func (a *App) openStreams() {
	a.streams = eventstream.New(eventstream.Config{
		DB: a.db, Events: a.events, Audience: a.audience, Roles: a.access, Clock: a.clock, Log: a.log, Account: a.config.AccountID,
		Place: a.triggers.Stream, Dial: dial, Alone: a.config.DatabaseURL == "", Observe: a.metrics.StreamRecords,
	})
	a.metrics.Gauges("pintail_event_stream_lag_seconds", "For how long the oldest event that an event stream has not handed over has waited.", "app", a.streamLags)
}

// dial makes the sink for what stands behind the ARN of a stream.
func dial(arn string, at *destination.Destination) (sink.Sink, error) {
	switch {
	case at.AWS != nil:
		return kinesis.New(arn, at.AWS)
	case at.Kafka != nil:
		return kafka.New(at.Kafka)
	case at.NATS != nil:
		return nats.New(at.NATS), nil
	case at.Webhook != nil:
		return webhook.New(at.Webhook), nil
	}
	return nil, fmt.Errorf("nothing stands behind %s", arn)
}

// streamLags measures for the metrics.
func (a *App) streamLags() map[string]float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	states, err := a.streams.States(ctx)
	if err != nil {
		a.log.Warn("the lag of event streams cannot be measured", "error", err)
	}
	lags := make(map[string]float64, len(states))
	for _, s := range states {
		lags[s.App] = s.Lag.Seconds()
	}
	return lags
}
