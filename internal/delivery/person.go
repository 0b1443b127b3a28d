package delivery

import (
	"errors"
	"slices"
	"strings"

	"pintail/internal/store"
)

// Recipient is a person, as messages know them: a user of a pool, or whoever has some
// addresses. A message that went to a user of a pool is that user's, whoever else
// has the address.
type Recipient struct {
	UserPoolID, Username string
	Addresses            []string
}

// byUser is the index of messages by the user that they went to.
const byUser = "user"

// userOf is the value of that index: a pool's id has no space.
func userOf(poolID, username string) string {
	if poolID == "" || username == "" || len(username) > maxUserKey {
		return ""
	}
	return poolID + " " + username
}

// maxUserKey is how long a name in the index is: names of users are shorter.
const maxUserKey = 512

func (r *Recipient) is(m *Message) bool {
	if m.UserPoolID != "" {
		return m.UserPoolID == r.UserPoolID && m.Username == r.Username
	}
	return slices.Contains(r.Addresses, m.To)
}

// MessagesOf calls fn for every message of a person.
func (o *Outbox) MessagesOf(tx store.Tx, r Recipient, fn func(Message) error) error {
	seen := make(map[string]bool)
	walk := func(index, value string) error {
		if value == "" {
			return nil
		}
		for e, err := range messages.All(tx, owner, store.Query{Index: index, Match: store.Equal(value)}) {
			if err != nil {
				return err
			}
			if seen[e.ID] {
				continue
			}
			seen[e.ID] = true
			m, err := o.open(e)
			if err != nil {
				return err
			}
			if !r.is(&m) {
				continue
			}
			if err := fn(m); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(byUser, userOf(r.UserPoolID, r.Username)); err != nil {
		return err
	}
	for _, address := range r.Addresses {
		if err := walk("to", address); err != nil {
			return err
		}
	}
	return nil
}

// Readable returns a message without what only its recipient should have had: the
// code, wherever it stands, and what is for the function that delivers it.
func (m Message) Readable() Message {
	if m.Code != "" {
		m.Body, m.Subject = strings.ReplaceAll(m.Body, m.Code, "***"), strings.ReplaceAll(m.Subject, m.Code, "***")
	}
	m.Code, m.Payload = "", nil
	m.Attempts = slices.Clone(m.Attempts)
	for i := range m.Attempts {
		m.Attempts[i].Error = "" // a provider may repeat the message
	}
	return m
}

// DeleteMessages deletes messages by their ids, those that wait to be delivered
// included, and tells how many there were.
func (o *Outbox) DeleteMessages(tx store.Tx, ids []string) (n int, err error) {
	for _, id := range ids {
		switch err := messages.Delete(tx, owner, id); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrNotFound):
			return n, err
		}
	}
	return n, nil
}
