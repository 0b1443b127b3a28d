// Package destination describes the places that really stand behind the ARNs of streams,
// log groups and buckets: the owner of the server names them in a file, which package
// trigger reads.
package destination

import (
	"net/http"
	"time"

	"pintail/internal/awscall"
)

// Destination is a place: exactly one of its members is set.
type Destination struct {
	AWS     *awscall.Endpoint // AWS's own API, there or anywhere else
	Kafka   *Kafka
	NATS    *NATS
	Webhook *Webhook
}

// Kafka is a topic of a cluster of Kafka, or of what speaks its protocol.
type Kafka struct {
	Brokers            []string // host:port of some of them
	Topic              string
	TLS                bool
	Username, Password string // for SASL with SCRAM-SHA-512; "" for none
}

// NATS is a subject of NATS.
type NATS struct {
	URL     string // nats://user:password@host:4222, or several with commas
	Token   string // instead of a user
	Subject string
	// Core is for servers without JetStream: they confirm that they have a record, not
	// that anybody else has or will.
	Core bool
}

// Webhook is an HTTP(S) receiver of signed calls.
type Webhook struct {
	URL    string
	Secret []byte
	Now    func() time.Time
	Client *http.Client
}
