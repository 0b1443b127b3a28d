package eventstream_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	natsd "github.com/nats-io/nats-server/v2/server"
	natsgo "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"pintail/internal/hook"
	"pintail/internal/testkit"
)

// receiver is a webhook that checks signatures. It answers 500 while it is broken.
type receiver struct {
	*httptest.Server
	records chan got
	broken  atomic.Bool
}

func newReceiver(t testing.TB) *receiver {
	h := &receiver{records: make(chan got, 100_000)}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := hook.Verify([]byte(key), r.Header, body, time.Now()); err != nil || r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-ndjson" {
			t.Errorf("a call is %s of %s, signed: %v", r.Method, r.Header.Get("Content-Type"), err)
		}
		if h.broken.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
			h.records <- parse(t, "", lines.Text())
		}
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *receiver) destination(arn string) string {
	return fmt.Sprintf(`{%q:{"webhook":{"url":%q,"secret":%q}}}`, arn, h.URL, key)
}

// TestWebhook: a receiver gets signed calls with the records in their order. While it
// fails, events are accepted as ever; then they all come.
func TestWebhook(t *testing.T) {
	t.Parallel()
	h := newReceiver(t)
	s := start(t, h.destination(firehoseARN))
	s.stream(firehoseARN)
	s.record(0, 200)
	first := collect(t, h.records, 200)
	if len(first) != 201 {
		t.Errorf("%d records", len(first))
	}
	h.broken.Store(true)
	s.record(200, 1500)
	if state := s.waits("500 Internal Server Error"); state.Lag <= 0 {
		t.Errorf("the state is %+v", state)
	}
	h.broken.Store(false)
	for n := range 1500 {
		if g := next(t, h.records); g.Type != "order.placed" {
			t.Fatalf("record %d is %s", n, g.Data)
		}
	}
	s.settled(1700)
}

// TestNATS: JetStream gets each record once, even when the connection is lost; core NATS
// gets them too.
func TestNATS(t *testing.T) {
	t.Parallel()
	options := &natsd.Options{Host: "127.0.0.1", Port: -1, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, NoLog: true, Username: "pintail", Password: "letmein"}
	broker := runNATS(t, options)
	t.Cleanup(func() { broker.Shutdown() })
	address := strings.Replace(broker.ClientURL(), "nats://", "nats://pintail:letmein@", 1)
	s := start(t, fmt.Sprintf(`{%q:{"nats":{"url":%q,"subject":"shop.events"}},%q:{"nats":{"url":%q,"subject":"shop.core","core":true}}}`, kinesisARN, address, firehoseARN, address))
	s.stream(kinesisARN)
	s.record(0, 50)
	s.waits("no stream of JetStream has the subject")

	records := make(chan got, 10_000)
	subscribe := func(js jetstream.JetStream, last *uint64) {
		ctx := testkit.Context(t)
		stream, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "SHOP", Subjects: []string{"shop.events"}})
		must(t, err)
		consumer, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: *last + 1})
		must(t, err)
		_, err = consumer.Consume(func(m jetstream.Msg) {
			meta, err := m.Metadata()
			if err == nil && meta.Sequence.Stream > *last {
				*last = meta.Sequence.Stream
				records <- parse(t, "", string(m.Data()))
			}
		})
		must(t, err)
	}
	var last uint64
	conn, err := natsgo.Connect(address)
	must(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	must(t, err)
	subscribe(js, &last)
	if all := collect(t, records, 50); len(all) != 51 {
		t.Errorf("%d records", len(all))
	}

	core := make(chan got, 10_000)
	_, err = conn.Subscribe("shop.core", func(m *natsgo.Msg) { core <- parse(t, "", string(m.Data)) })
	must(t, err)
	must(t, conn.Flush())
	_, err = s.put(firehoseARN, "arn:aws:iam::123456789012:role/streamer")
	must(t, err)
	if g := next(t, core); g.Type != "_test.event_stream" {
		t.Errorf("the first record is %s", g.Data)
	}
	s.record(50, 10)
	for range 10 {
		next(t, core)
	}

	// The server goes away while there is something to send, and comes back.
	_, err = s.put(kinesisARN, "arn:aws:iam::123456789012:role/streamer")
	must(t, err)
	if g := next(t, records); g.Type != "_test.event_stream" {
		t.Errorf("the first record is %s", g.Data)
	}
	options.Port = broker.Addr().(*net.TCPAddr).Port
	broker.Shutdown()
	broker.WaitForShutdown()
	s.record(100, 50)
	s.waits("NATS")
	broker = runNATS(t, options)
	again, err := natsgo.Connect(address)
	must(t, err)
	defer again.Close()
	js, err = jetstream.New(again)
	must(t, err)
	subscribe(js, &last)
	for n := range 50 {
		if g := next(t, records); g.Values.Number == "" {
			t.Errorf("record %d is %s", n, g.Data)
		}
	}
	s.settled(110)
}

func runNATS(t *testing.T, options *natsd.Options) *natsd.Server {
	t.Helper()
	broker, err := natsd.NewServer(options)
	must(t, err)
	broker.Start()
	if !broker.ReadyForConnections(30 * time.Second) {
		t.Fatal("the NATS server does not start")
	}
	return broker
}

// TestKafka: a topic gets the records once, those of an endpoint in one partition, although
// the broker hangs up in between.
func TestKafka(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(4, "clicks"), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "pintail", "letmein"))
	must(t, err)
	t.Cleanup(cluster.Close)
	var asked atomic.Int32
	cluster.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		return nil, errors.New("hangs up"), asked.Add(1)%2 == 1
	})
	brokers := cluster.ListenAddrs()
	s := start(t, fmt.Sprintf(`{%q:{"kafka":{"brokers":[%q],"topic":"clicks","username":"pintail","password":"letmein"}}}`, kinesisARN, brokers[0]))
	s.stream(kinesisARN)
	s.record(0, 600)
	records := make(chan got, 10_000)
	consumer, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics("clicks"), kgo.SASL(scram.Auth{User: "pintail", Pass: "letmein"}.AsSha512Mechanism()))
	must(t, err)
	t.Cleanup(consumer.Close)
	partitions := map[string]int32{}
	go func() {
		for {
			fetches := consumer.PollFetches(t.Context())
			if t.Context().Err() != nil || fetches.IsClientClosed() {
				return
			}
			fetches.EachRecord(func(r *kgo.Record) {
				g := parse(t, string(r.Key), string(r.Value))
				if p, ok := partitions[g.Key]; ok && p != r.Partition {
					t.Errorf("%s is in two partitions", g.Key)
				}
				partitions[g.Key] = r.Partition
				records <- g
			})
		}
	}()
	defer func() {
		if asked.Load() < 4 {
			t.Errorf("the broker was asked %d times", asked.Load())
		}
	}()
	seen := map[string]bool{}
	for len(seen) < 601 {
		g := next(t, records)
		if seen[g.Values.Number] {
			t.Errorf("%s came twice", g.Values.Number)
		}
		seen[g.Values.Number] = true
	}
	s.settled(600)
}
