// Package delivery is how messages leave: rooms hand it what a person must
// receive, inside the transaction that makes the message necessary, and it
// keeps every one in the outbox, where the owner of the server can read it.
//
// Where a provider is configured for a message's channel, the same transaction
// enqueues a job, and once it has committed the [Dispatcher] hands the message
// to the [Channel]: by SMTP (package smtp), to an HTTP service for text messages
// (package smshttp). Each attempt is recorded on the message in the outbox. What
// fails for now is tried again with growing pauses; what fails for good, or
// expires meanwhile, is kept as failed. Delivery is at least once: when the
// server dies between sending and recording, a person gets a message twice.
//
// A message with a [Message.Route] goes to the function that has been registered
// for it instead, with the same care.
//
// With no provider configured the outbox is also where a message's way ends.
package delivery

import (
	"encoding/json"
	"time"

	"pintail/internal/store"
)

// Channels of a message.
const (
	Email = "EMAIL"
	SMS   = "SMS"
)

// Message is something that a person receives.
type Message struct {
	ID      string // given by the outbox; later messages have greater ids
	Time    time.Time
	Channel string // Email or SMS
	To      string // e-mail address or E.164 number
	From    string `json:",omitempty"` // sender of this message, instead of the server's own
	ReplyTo string `json:",omitempty"` // e-mail only
	Subject string // e-mail only
	Body    string // e-mail: HTML, if it has tags
	// Code is the code or temporary password inside the body, "" when there is none.
	Code string
	// Purpose says why the message was sent: "SignUp", "ResendCode", ...
	Purpose    string
	UserPoolID string
	Username   string
	// Expires is from when on the message is of no use and is not delivered any
	// more; the zero time is never.
	Expires time.Time `json:",omitzero"`
	// Route names the function that delivers the message instead of its channel's
	// provider, and Payload is for that function; see Dispatcher.Handle.
	Route   string          `json:",omitempty"`
	Payload json.RawMessage `json:",omitempty"`

	// State and Attempts are what the outbox knows; Send does not look at them.
	State    State
	Attempts []Attempt `json:",omitempty"` // the latest, the newest last
}

// State is how far a message has come.
type State string

// States of a message.
const (
	Kept    State = "kept"    // nobody delivers it: it is in the outbox, and that is all
	Pending State = "pending" // it waits for its first or next attempt
	Sent    State = "sent"    // somebody has taken it
	Failed  State = "failed"  // it will not be tried again
)

// Attempt is one try to deliver a message.
type Attempt struct {
	Time  time.Time
	Error string `json:",omitempty"` // empty: it was sent
}

// LastError is why the latest attempt failed, "" if it did not.
func (m *Message) LastError() string {
	if len(m.Attempts) == 0 {
		return ""
	}
	return m.Attempts[len(m.Attempts)-1].Error
}

// keepAttempts is how many attempts a message remembers.
const keepAttempts = 20

// entry is a message at rest. Bodies hold codes, and a provider's errors may
// repeat them, so they are sealed.
type entry struct {
	ID     string
	To     string
	User   string `json:",omitempty"` // see userOf
	State  State  `json:",omitempty"`
	Sealed []byte
}

var messages = store.NewCollection("message",
	store.Index("to", func(e *entry) string { return e.To }),
	store.Index(byUser, func(e *entry) string { return e.User }),
	store.Index("pending", func(e *entry) string {
		if e.State != Pending {
			return ""
		}
		return e.ID
	}))
