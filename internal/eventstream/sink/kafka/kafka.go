// Package kafka hands records to a topic of Kafka. A record's key is the endpoint's id,
// so that the events of an endpoint are in one partition, in their order.
package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"pintail/internal/destination"
	"pintail/internal/eventstream/sink"
)

// idHeader names a record, so that receivers can tell one that comes again.
const idHeader = "pintail-id"

type topic struct{ client *kgo.Client }

// New returns the sink for a topic. It connects when it is first used.
func New(k *destination.Kafka) (sink.Sink, error) {
	options := []kgo.Opt{
		kgo.SeedBrokers(k.Brokers...), kgo.DefaultProduceTopic(k.Topic), kgo.ClientID("pintail"),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(sink.MaxRecords),
		kgo.ProducerBatchMaxBytes(sink.MaxRecord + 1<<10),
		// The stream itself tries again; here only what a change of leaders takes.
		kgo.RecordDeliveryTimeout(10 * time.Second), kgo.DialTimeout(5 * time.Second),
	}
	if k.TLS {
		options = append(options, kgo.DialTLSConfig(&tls.Config{MinVersion: tls.VersionTLS12}))
	}
	if k.Username != "" {
		options = append(options, kgo.SASL(scram.Auth{User: k.Username, Pass: k.Password}.AsSha512Mechanism()))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return nil, err
	}
	return &topic{client}, nil
}

// Put implements sink.Sink.
func (t *topic) Put(ctx context.Context, records []sink.Record) (left []sink.Record, err error) {
	batch, index := make([]*kgo.Record, len(records)), make(map[*kgo.Record]int, len(records))
	for i, r := range records {
		batch[i] = &kgo.Record{Key: []byte(r.Key), Value: r.Data, Headers: []kgo.RecordHeader{{Key: idHeader, Value: []byte(r.ID)}}}
		index[batch[i]] = i
	}
	failed := make([]bool, len(records))
	for _, result := range t.client.ProduceSync(ctx, batch...) { // in the order of their ends
		if result.Err != nil {
			failed[index[result.Record]], err = true, result.Err
		}
	}
	for i, r := range records {
		if failed[i] {
			left = append(left, r)
		}
	}
	if err != nil {
		err = fmt.Errorf("%d of %d records were not taken, the last one: %w", len(left), len(records), err)
	}
	return left, err
}

// Close implements sink.Sink.
func (t *topic) Close() { t.client.Close() }
