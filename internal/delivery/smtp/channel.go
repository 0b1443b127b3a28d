package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	"pintail/internal/delivery"
)

const (
	// timeout bounds a connection's beginning, and then each message.
	timeout = 20 * time.Second
	// idleFor is for how long a connection waits for the next message. Servers
	// close it after minutes; nobody gains from holding it longer than a burst.
	idleFor = 10 * time.Second
	maxIdle = 4
)

// Channel sends messages to one SMTP server.
type Channel struct {
	from   string
	client *gomail.Client

	mu     sync.Mutex
	idle   []*connection // the latest used last
	closed bool
}

var _ delivery.Channel = (*Channel)(nil)

// connection is an authenticated connection between two messages.
type connection struct {
	*wire.Client
	expiry *time.Timer
}

// New returns the channel. It does not connect yet.
func New(s Settings) (*Channel, error) {
	config := &tls.Config{}
	if s.TLS != nil {
		config = s.TLS.Clone()
	}
	config.ServerName, config.MinVersion = s.Host, tls.VersionTLS12
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(timeout), gomail.WithTLSConfig(config)}
	auth := gomail.SMTPAuthAutoDiscover
	switch {
	case s.Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
		auth = gomail.SMTPAuthPlainNoEnc
	case s.Implicit:
		options = append(options, gomail.WithSSL())
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	client, err := gomail.NewClient(s.Host, options...)
	return &Channel{from: s.From, client: client}, err
}

// Deliver implements delivery.Channel.
func (c *Channel) Deliver(ctx context.Context, m delivery.Message) error {
	mail, err := compose(m, c.from)
	if err != nil {
		return delivery.Permanent(err)
	}
	for {
		conn, used, err := c.connect(ctx)
		if err != nil {
			return fmt.Errorf("no connection to the mail server: %w", err)
		}
		err = c.client.SendWithSMTPClient(conn.Client, mail)
		if err == nil {
			c.keep(conn)
			return nil
		}
		conn.Client.Close()
		refusal, refused := errors.AsType[*gomail.SendError](err)
		switch {
		case mail.IsDelivered():
			return nil // what failed came after the server had taken the message
		case used && refused && refusal.Reason == gomail.ErrConnCheck:
			continue // it was closed while it was idle
		case refused && refusal.ErrorCode() >= 500:
			return delivery.Permanent(err)
		}
		return err
	}
}

// connect returns an idle connection, or a new one.
func (c *Channel) connect(ctx context.Context) (conn *connection, used bool, err error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		conn = c.idle[n-1]
		c.idle = c.idle[:n-1]
		conn.expiry.Stop()
	}
	c.mu.Unlock()
	if conn != nil {
		return conn, true, nil
	}
	client, err := c.client.DialToSMTPClientWithContext(ctx)
	return &connection{Client: client}, false, err
}

// keep lets a connection wait for the next message.
func (c *Channel) keep(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || len(c.idle) == maxIdle {
		conn.Client.Close()
		return
	}
	conn.expiry = time.AfterFunc(idleFor, func() { c.drop(conn) })
	c.idle = append(c.idle, conn)
}

// drop closes a connection for which there was no next message.
func (c *Channel) drop(conn *connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, one := range c.idle {
		if one == conn {
			c.idle = append(c.idle[:i], c.idle[i+1:]...)
			conn.Client.Close()
			return
		}
	}
}

// Close closes all idle connections.
func (c *Channel) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.idle {
		conn.expiry.Stop()
		conn.Client.Close()
	}
	c.idle = nil
}
