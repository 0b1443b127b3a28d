// Package mailtest runs a real SMTP server inside a test. It takes mail, or
// refuses it as the test says, and shows what it was given.
package mailtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// User and Password are whom the server knows, where it asks.
const (
	User     = "mailer"
	Password = "p@ss w0rd/?"
)

// Mail is a message that arrived.
type Mail struct {
	From, To string // of the envelope
	Text     string // headers and body
	User     string // who has authenticated
	TLS      bool
	Conn     int // which connection it came by, from 1
}

// Options say how the server behaves.
type Options struct {
	Implicit bool // TLS from the first byte
	Plain    bool // no TLS
	Auth     bool // wants User and Password
	// Refuse answers a recipient; nil is yes. It may close the connection.
	Refuse func(to string, c *smtp.Conn) error
	// Took answers the content; nil is yes.
	Took func(text string, c *smtp.Conn) error
}

// Server is a running server.
type Server struct {
	Port  int
	Roots *x509.CertPool // trusts its certificate
	Mails chan Mail

	options Options
	mu      sync.Mutex
	conns   []*smtp.Conn
}

// Start runs a server on 127.0.0.1 until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{options: o, Mails: make(chan Mail, 100)}
	server := smtp.NewServer(s)
	server.AllowInsecureAuth = o.Plain
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	server.EnableSMTPUTF8 = true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Port = listener.Addr().(*net.TCPAddr).Port
	if !o.Plain {
		certificate := s.certify(t)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		if o.Implicit {
			listener = tls.NewListener(listener, server.TLSConfig)
		}
	}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return s
}

// certify makes a certificate for 127.0.0.1.
func (s *Server) certify(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// HangUp closes all connections.
func (s *Server) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.conns {
		c.Close()
	}
}

// NewSession implements smtp.Backend.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	number := len(s.conns) + 1
	for i, have := range s.conns {
		if have == c { // STARTTLS begins the session anew
			number = i + 1
		}
	}
	if number > len(s.conns) {
		s.conns = append(s.conns, c)
	}
	return &session{server: s, conn: c, mail: Mail{Conn: number}}, nil
}

// session is one connection's.
type session struct {
	server *Server
	conn   *smtp.Conn
	mail   Mail
}

func (s *session) AuthMechanisms() []string {
	if s.server.options.Auth {
		return []string{sasl.Plain}
	}
	return nil
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != User || password != Password {
			return smtp.ErrAuthFailed
		}
		s.mail.User = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.Auth && s.mail.User == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.mail.To != "" {
		return errors.New("one recipient is enough")
	}
	s.mail.To = to
	if s.server.options.Refuse != nil {
		return s.server.options.Refuse(to, s.conn)
	}
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.Text = string(text)
	_, s.mail.TLS = s.conn.TLSConnectionState()
	if s.server.options.Took != nil {
		if err := s.server.options.Took(s.mail.Text, s.conn); err != nil {
			return err
		}
	}
	s.server.Mails <- s.mail
	return nil
}

func (s *session) Reset() { s.mail.From, s.mail.To, s.mail.Text = "", "", "" }

func (s *session) Logout() error { return nil }
