package userpool

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"pintail/internal/delivery"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Marks in a message's text (Cognito developer guide, "Message templates").
const (
	codeMark     = "{####}"
	usernameMark = "{username}"
)

// occasion is why a user gets a message. The sources of the message triggers and the
// purposes in the outbox are named after it.
type occasion string

const (
	onSignUp         occasion = "SignUp"
	onResend         occasion = "ResendCode"
	onForgotPassword occasion = "ForgotPassword"
	onUpdate         occasion = "UpdateUserAttribute"
	onVerify         occasion = "VerifyUserAttribute"
	onAuthentication occasion = "Authentication"
	onInvitation     occasion = "AdminCreateUser"
)

// The texts of a pool that has none of its own (Cognito developer guide,
// "Customizing email verification messages").
const (
	defaultVerification        = "Your verification code is {####}. "
	defaultVerificationSubject = "Your verification code"
	defaultLink                = "Please click the link below to verify your email address. {##Verify Email##} "
	defaultLinkSubject         = "Your verification link"
	defaultAuthentication      = "Your authentication code is {####}. "
	defaultAuthSubject         = "Your authentication code"
	defaultInvitation          = "Your username is {username} and temporary password is {####}. "
	defaultInvitationSubject   = "Your temporary password"
)

// wording is the text of a message in both media, with marks in it.
type wording struct{ SMS, Email, Subject string }

// notice is a message that is about to go to a user. What it needs from outside the
// directory is gathered before the transaction that sends it.
type notice struct {
	why     occasion
	wording wording
	life    time.Duration // of the code in it, where the purpose's own does not hold
	// The caller, for the pool's sender triggers.
	clientID string // "" for an administrator
	metadata map[string]string
}

// notice prepares a message for a user: the pool's wording, or what its CustomMessage
// trigger makes of it. Only for the trigger it asks who the user is; nil is nobody,
// or somebody who will get no message.
func (s *Service) notice(ctx context.Context, by caller, p *pool, why occasion, whom func() (*user, error)) (notice, error) {
	n := notice{why: why, wording: p.wording(why), clientID: by.clientID, metadata: by.metadata}
	if err := s.allowSource(by.Call, p); err != nil {
		return n, err
	}
	if p.LambdaConfig.CustomMessage == "" {
		return n, nil
	}
	u, err := whom()
	if err != nil || u == nil {
		return n, err
	}
	return n, s.customMessage(ctx, by, p, u, &n)
}

// wording returns the pool's text for an occasion. The same texts serve sign-up,
// resending, forgotten passwords and the verification of attributes.
func (p *pool) wording(why occasion) wording {
	template := orEmpty(p.VerificationMessageTemplate)
	switch why {
	case onInvitation:
		invite := orEmpty(orEmpty(p.AdminCreateUserConfig).InviteMessageTemplate)
		return wording{
			SMS:     or(invite.SMSMessage, defaultInvitation),
			Email:   or(invite.EmailMessage, defaultInvitation),
			Subject: or(invite.EmailSubject, defaultInvitationSubject),
		}
	case onAuthentication:
		return p.authenticationWording()
	}
	text := wording{
		SMS:     or(template.SmsMessage, defaultVerification),
		Email:   or(template.EmailMessage, defaultVerification),
		Subject: or(template.EmailSubject, defaultVerificationSubject),
	}
	if p.confirmsByLink(why) {
		text.Email, text.Subject = or(template.EmailMessageByLink, defaultLink), or(template.EmailSubjectByLink, defaultLinkSubject)
	}
	return text
}

// authenticationWording returns the text for a second factor or a one-time password.
func (p *pool) authenticationWording() wording {
	email := orEmpty(p.record.Factors.Email)
	return wording{
		SMS:     or(p.SmsAuthenticationMessage, defaultAuthentication),
		Email:   or(email.Message, defaultAuthentication),
		Subject: or(email.Subject, defaultAuthSubject),
	}
}

// send puts a notice with its code into the outbox, for the address of an attribute.
func (s *Service) send(tx store.Tx, p *pool, u *user, n notice, attribute, to, code string, expires time.Time) error {
	fill := strings.NewReplacer(codeMark, code, usernameMark, u.Username)
	m := delivery.Message{
		To: to, Code: code, Expires: expires, Purpose: string(n.why), UserPoolID: p.Id, Username: u.Username,
	}
	if attribute == attrPhone {
		m.Channel, m.Body = delivery.SMS, fill.Replace(n.wording.SMS)
	} else {
		m.Channel, m.Subject, m.Body = delivery.Email, fill.Replace(n.wording.Subject), fill.Replace(n.wording.Email)
		if p.confirmsByLink(n.why) {
			m.Body = s.fillLink(p, n.clientID, u.Username, code, m.Body)
		}
		m.From, m.ReplyTo = p.sender()
	}
	if err := s.routeToTrigger(p, u, n, &m); err != nil {
		return err
	}
	return s.sender.Send(tx, m)
}

// sender returns who the pool's mail is from and who gets the answers. Both are ""
// for a pool that leaves it to the server.
func (p *pool) sender() (from, replyTo string) {
	c := orEmpty(p.EmailConfiguration)
	if c.From != "" {
		return c.From, c.ReplyToEmailAddress
	}
	_, identity, _ := strings.Cut(c.SourceArn, ":identity/")
	if _, err := mail.ParseAddress(identity); err != nil {
		identity = "" // a domain, or nothing
	}
	return identity, c.ReplyToEmailAddress
}

// lacksCode tells whether a text that a trigger has written has no place for the code.
func lacksCode(text string) bool { return text != "" && !strings.Contains(text, codeMark) }

// lacksLink is lacksCode for a mail with a link, which may show the code instead.
func lacksLink(text string) bool { return lacksCode(text) && !linkMark.MatchString(text) }

func errLambdaOutput() error {
	return cognitoidp.InvalidLambdaResponseException.New("Unrecognizable lambda output")
}
