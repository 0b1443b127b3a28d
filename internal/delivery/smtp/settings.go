// Package smtp delivers e-mail over SMTP: the e-mail channel of package
// delivery. Connections are encrypted, by STARTTLS or from the first byte,
// except to this machine itself, and are kept for a while for the next message.
package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
)

// Settings say how e-mail leaves.
type Settings struct {
	Host           string
	Port           int
	Implicit       bool // TLS from the first byte; else by STARTTLS, which must succeed
	Plain          bool // no TLS at all; to this machine only
	User, Password string
	From           string      // sender of messages that do not name one
	TLS            *tls.Config // nil: the machine's root certificates
}

// ParseURL reads smtp://user:password@host:587, whose connections begin in clear
// and have to become encrypted by STARTTLS, or smtps://user:password@host:465.
// smtp://127.0.0.1:25?tls=none is not encrypted. Its errors do not repeat the URL,
// which holds a password. from is the server's own sender.
func ParseURL(text, from string) (Settings, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || u.Path != "" && u.Path != "/" {
		return Settings{}, errors.New("is not a URL such as smtp://user:password@mail.example.org:587 or smtps://user:password@mail.example.org:465")
	}
	s := Settings{Host: u.Hostname(), Port: 587, Implicit: u.Scheme == "smtps", From: from}
	if s.Implicit {
		s.Port = 465
	}
	if port := u.Port(); port != "" {
		if s.Port, err = strconv.Atoi(port); err != nil || s.Port < 1 || s.Port > 65535 {
			return s, fmt.Errorf("has no port %s", port)
		}
	}
	s.User = u.User.Username()
	s.Password, _ = u.User.Password()
	if err := s.options(u.Query()); err != nil {
		return s, err
	}
	if _, err := mail.ParseAddress(from); err != nil {
		return s, errors.New(`needs --mail-from: the address that messages come from, such as "Shop <no-reply@example.org>"`)
	}
	return s, nil
}

func (s *Settings) options(query url.Values) error {
	for name, values := range query {
		if name != "tls" || len(values) != 1 || values[0] != "none" {
			return fmt.Errorf("has an option %q; there is only tls=none", name)
		}
		if ip := net.ParseIP(s.Host); s.Host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return errors.New("says tls=none, which is for a mail server on this machine only: people's codes would travel in clear")
		}
		if s.Implicit {
			return errors.New("says both smtps and tls=none")
		}
		s.Plain = true
	}
	return nil
}
