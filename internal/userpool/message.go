package userpool

import (
	"strings"

	"pintail/internal/delivery"
)

// codeMark stands for the code in a message's text.
const codeMark = "{####}"

// The texts of a pool that has none of its own (Cognito developer guide,
// "Customizing email verification messages").
const (
	defaultVerification        = "Your verification code is {####}. "
	defaultVerificationSubject = "Your verification code"
)

// verificationMessage returns the message that takes a code to an address. The same
// texts serve sign-up, resending and the verification of attributes.
func (p *pool) verificationMessage(attribute, to, code string) delivery.Message {
	template := orEmpty(p.VerificationMessageTemplate)
	m := delivery.Message{To: to, Code: code, UserPoolID: p.Id}
	body := ""
	if attribute == attrPhone {
		m.Channel, body = delivery.SMS, or(template.SmsMessage, defaultVerification)
	} else {
		m.Channel, body = delivery.Email, or(template.EmailMessage, defaultVerification)
		m.Subject = or(template.EmailSubject, defaultVerificationSubject)
	}
	m.Body = strings.ReplaceAll(body, codeMark, code)
	return m
}
