package trigger

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"pintail/internal/awscall"
	"pintail/internal/destination"
	"pintail/internal/hook"
	"pintail/internal/userpool/logexport"
)

// destinationConcurrency is how many idle connections a destination keeps.
const destinationConcurrency = 8

// destinationEntry is what the file says of one ARN: where AWS's API is, or, for the
// ARN of a stream, one of the others.
type destinationEntry struct {
	endpointEntry
	Kafka   *kafkaEntry   `json:"kafka"`
	NATS    *natsEntry    `json:"nats"`
	Webhook *webhookEntry `json:"webhook"`
}

type kafkaEntry struct {
	Brokers  []string `json:"brokers"`
	Topic    string   `json:"topic"`
	TLS      bool     `json:"tls"`
	Username secret   `json:"username"`
	Password secret   `json:"password"`
}

type natsEntry struct {
	URL     secret `json:"url"` // which may hold a password
	Token   secret `json:"token"`
	Subject string `json:"subject"`
	Core    bool   `json:"core"`
}

func (l *loader) addDestination(inv *Invoker, arn string, text jsontext.Value) {
	if !isPattern(arn) || !isDestination(arn) {
		l.wrong("destinations", arn, errors.New("is not the ARN of a stream, a delivery stream, a log group or a bucket, nor its beginning with * at the end"))
		return
	}
	var e destinationEntry
	err := strict(text, &e)
	if err == nil {
		var d *destination.Destination
		if d, err = l.destination(arn, &e); err == nil {
			inv.destinations.add(arn, d)
			return
		}
	}
	l.wrong("destinations", arn, err)
}

// destination makes what an entry describes.
func (l *loader) destination(arn string, e *destinationEntry) (d *destination.Destination, err error) {
	others := 0
	for _, given := range []bool{e.Kafka != nil, e.NATS != nil, e.Webhook != nil} {
		if given {
			others++
		}
	}
	d = new(destination.Destination)
	switch {
	case others > 1 || others == 1 && e.endpointEntry != (endpointEntry{}):
		return nil, errors.New("give one of url, kafka, nats and webhook")
	case others == 1 && !isStream(arn):
		return nil, errors.New("only the ARN of a stream or a delivery stream can stand for kafka, nats or webhook")
	case e.Kafka != nil:
		d.Kafka, err = l.kafka(e.Kafka)
	case e.NATS != nil:
		d.NATS, err = l.nats(e.NATS)
	case e.Webhook != nil:
		d.Webhook, err = l.streamHook(e.Webhook)
	case e.Region == "" && strings.HasPrefix(arn, "arn:aws:s3:"):
		return nil, errors.New("needs a region: the ARN of a bucket names none")
	default:
		if d.AWS, err = l.endpoint(&e.endpointEntry, destinationConcurrency); err != nil {
			err = fmt.Errorf("the destination%w", err)
		}
	}
	return d, err
}

func (l *loader) kafka(e *kafkaEntry) (*destination.Kafka, error) {
	k := &destination.Kafka{Brokers: e.Brokers, Topic: e.Topic, TLS: e.TLS}
	if len(e.Brokers) == 0 {
		return nil, errors.New(`kafka.brokers is empty: give some, ["kafka-1.example.org:9092"]`)
	}
	for _, b := range e.Brokers {
		if _, _, err := net.SplitHostPort(b); err != nil {
			return nil, fmt.Errorf("kafka.brokers: %q is not an address such as kafka-1.example.org:9092", b)
		}
	}
	if e.Topic == "" {
		return nil, errors.New("kafka.topic is missing")
	}
	var err error
	if k.Username, err = l.reveal(e.Username); err != nil {
		return nil, fmt.Errorf("kafka.username: %w", err)
	}
	if k.Password, err = l.reveal(e.Password); err != nil {
		return nil, fmt.Errorf("kafka.password: %w", err)
	}
	if k.Username == "" && k.Password != "" {
		return nil, errors.New("kafka.password needs kafka.username")
	}
	return k, nil
}

func (l *loader) nats(e *natsEntry) (*destination.NATS, error) {
	n := &destination.NATS{Subject: e.Subject, Core: e.Core}
	var err error
	if n.URL, err = l.reveal(e.URL); err != nil {
		return nil, fmt.Errorf("nats.url: %w", err)
	}
	if n.Token, err = l.reveal(e.Token); err != nil {
		return nil, fmt.Errorf("nats.token: %w", err)
	}
	for one := range strings.SplitSeq(n.URL, ",") {
		u, err := url.Parse(one)
		if err != nil || u.Host == "" || u.Scheme != "nats" && u.Scheme != "tls" { // it may hold a password, so it is not shown
			return nil, errors.New("nats.url is not a URL such as nats://nats.example.org:4222")
		}
	}
	if n.Subject == "" || strings.ContainsAny(n.Subject, "*> \t\r\n") {
		return nil, errors.New("nats.subject is not a subject such as shop.events, without wildcards")
	}
	return n, nil
}

func (l *loader) streamHook(e *webhookEntry) (*destination.Webhook, error) {
	key, err := l.webhookSecret(e)
	if err != nil {
		return nil, err
	}
	return &destination.Webhook{URL: e.URL, Secret: key, Now: l.Now, Client: hook.NewClient(destinationConcurrency)}, nil
}

// isDestination tells whether an entry's service, if it names one whole, is one that
// takes records.
func isDestination(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) < 4 || parts[2] == "kinesis" || logexport.Speaks(parts[2])
}

// isStream tells whether an entry is of streams.
func isStream(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws:kinesis:") || strings.HasPrefix(arn, "arn:aws:firehose:")
}

// Destination returns where the API for the log group, delivery stream or bucket of an ARN
// is, or nil where the file does not say.
func (inv *Invoker) Destination(arn string) *awscall.Endpoint {
	if d := inv.Stream(arn); d != nil {
		return d.AWS
	}
	return nil
}

// Stream returns what stands behind an ARN, or nil where the file does not say.
func (inv *Invoker) Stream(arn string) *destination.Destination {
	if inv == nil {
		return nil
	}
	return inv.destinations.find(arn)
}
