package smtp

import (
	"errors"
	"fmt"
	"html"
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"pintail/internal/delivery"
)

// compose makes the e-mail of a message. Addresses are parsed and written anew
// and the subject is one line, so nothing that a person chose can become a header.
func compose(m delivery.Message, from string) (*gomail.Msg, error) {
	if m.From != "" {
		from = m.From
	}
	mailing := gomail.NewMsg()
	sender, err := address("sender", from)
	if err != nil {
		return nil, err
	}
	to, err := address("recipient", m.To)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(mailing.From(sender.String()), mailing.To(to.String())); err != nil {
		return nil, err
	}
	if m.ReplyTo != "" {
		reply, err := address("reply-to", m.ReplyTo)
		if err != nil {
			return nil, err
		}
		if err := mailing.ReplyTo(reply.String()); err != nil {
			return nil, err
		}
	}
	mailing.Subject(oneLine(m.Subject))
	mailing.SetDateWithValue(m.Time)
	// The same message has the same id in every attempt, so that a mail server
	// can tell a repetition.
	_, domain, _ := strings.Cut(sender.Address, "@")
	mailing.SetMessageIDWithValue(m.ID + "@" + domain)
	mailing.SetGenHeader("Auto-Submitted", "auto-generated") // no out-of-office replies (RFC 3834)
	if isHTML(m.Body) {
		mailing.SetBodyString(gomail.TypeTextPlain, plainText(m.Body))
		mailing.AddAlternativeString(gomail.TypeTextHTML, m.Body)
	} else {
		mailing.SetBodyString(gomail.TypeTextPlain, m.Body)
	}
	return mailing, nil
}

// address parses the address of one person.
func address(what, text string) (*mail.Address, error) {
	a, err := mail.ParseAddress(text)
	if err != nil || strings.ContainsFunc(a.Name+a.Address, control) {
		return nil, fmt.Errorf("the %s is not an e-mail address", what)
	}
	return a, nil
}

func control(r rune) bool { return r < ' ' || r == 0x7f }

// oneLine replaces line breaks and other control characters.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, text))
}

var (
	tag    = regexp.MustCompile(`(?i)</?(a|b|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|li|ol|p|pre|small|span|strong|style|table|tbody|td|th|title|tr|u|ul)(\s[^<>]*)?/?>`)
	hidden = regexp.MustCompile(`(?is)<!--.*?-->|<(style|script|head|title)\b.*?</(style|script|head|title)\s*>|<!doctype[^>]*>`)
	link   = regexp.MustCompile(`(?is)<a\s[^>]*?href\s*=\s*["']?([^"'\s>]+)["']?[^>]*>(.*?)</a\s*>`)
	line   = regexp.MustCompile(`(?i) ?(<br\s*/?>|</(div|tr|li)\s*>) ?`)
	block  = regexp.MustCompile(`(?i) ?</(p|h[1-6]|table|ul|ol)\s*> ?`)
	blank  = regexp.MustCompile(`\n{3,}`)
	spaces = regexp.MustCompile(`[ \t\r\n]+`)
)

// isHTML tells whether a body is HTML: Cognito's templates may be, without
// saying so.
func isHTML(body string) bool { return tag.MatchString(body) }

// plainText is the alternative to an HTML body for those who do not read HTML.
// Links keep their targets.
func plainText(body string) string {
	text := hidden.ReplaceAllString(body, "")
	text = spaces.ReplaceAllString(text, " ")
	text = link.ReplaceAllString(text, "$2 ($1)")
	text = line.ReplaceAllString(text, "\n")
	text = block.ReplaceAllString(text, "\n\n")
	text = tag.ReplaceAllString(text, "")
	text = html.UnescapeString(text)
	return strings.TrimSpace(blank.ReplaceAllString(text, "\n\n"))
}
