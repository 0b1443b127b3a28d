package config

import (
	"fmt"
	"os"

	"pintail/internal/delivery/smshttp"
	"pintail/internal/delivery/smtp"
)

// Messages says how e-mail and text messages leave. A channel without a provider
// delivers to the outbox only.
type Messages struct {
	SMTPURL     string `help:"Deliver e-mail by this server: smtp://USER:PASSWORD@HOST:587 (STARTTLS) or smtps://USER:PASSWORD@HOST:465." env:"PINTAIL_SMTP_URL" placeholder:"URL" name:"smtp-url"`
	MailFrom    string `help:"Who e-mail comes from, where a user pool does not say." env:"PINTAIL_MAIL_FROM" placeholder:"ADDRESS" name:"mail-from"`
	SMSURL      string `help:"Deliver text messages by posting to this URL." env:"PINTAIL_SMS_URL" placeholder:"URL" name:"sms-url"`
	SMSTemplate string `help:"A file with the method, headers and body of the request that takes a text message. Default: a JSON document {to, text, from}." type:"path" env:"PINTAIL_SMS_TEMPLATE" placeholder:"FILE" name:"sms-template"`
	SMSFrom     string `help:"Who text messages come from." env:"PINTAIL_SMS_FROM" placeholder:"SENDER" name:"sms-from"`
	SMSToken    string `help:"Bearer token for --sms-url." env:"PINTAIL_SMS_TOKEN" placeholder:"TOKEN" name:"sms-token"`
	SMSUser     string `help:"User of basic authentication for --sms-url." env:"PINTAIL_SMS_USER" placeholder:"USER" name:"sms-user"`
	SMSPassword string `help:"Password of basic authentication for --sms-url." env:"PINTAIL_SMS_PASSWORD" placeholder:"PASSWORD" name:"sms-password"`
}

// Mail returns the channel for e-mail, nil where none is configured.
func (m *Messages) Mail() (*smtp.Channel, error) {
	if m.SMTPURL == "" {
		return nil, nil
	}
	settings, err := smtp.ParseURL(m.SMTPURL, m.MailFrom)
	if err != nil {
		return nil, fmt.Errorf("--smtp-url %w", err)
	}
	return smtp.New(settings)
}

// Texts returns the channel for text messages, nil where none is configured.
func (m *Messages) Texts() (*smshttp.Channel, error) {
	if m.SMSURL == "" {
		return nil, nil
	}
	settings := smshttp.Settings{URL: m.SMSURL, From: m.SMSFrom, Token: m.SMSToken, User: m.SMSUser, Password: m.SMSPassword}
	if m.SMSTemplate != "" {
		text, err := os.ReadFile(m.SMSTemplate)
		if err != nil {
			return nil, fmt.Errorf("--sms-template cannot be read: %w", err)
		}
		settings.Template = string(text)
	}
	c, err := smshttp.New(settings)
	if err != nil {
		return nil, fmt.Errorf("--sms-url %w", err)
	}
	return c, nil
}

// validate names everything that is wrong.
func (m *Messages) validate() (problems []error) {
	if _, err := m.Mail(); err != nil {
		problems = append(problems, err)
	}
	if _, err := m.Texts(); err != nil {
		problems = append(problems, err)
	}
	if m.SMSURL == "" && m.SMSTemplate+m.SMSFrom+m.SMSToken+m.SMSUser+m.SMSPassword != "" {
		problems = append(problems, fmt.Errorf("settings for text messages need --sms-url: where to post them"))
	}
	if m.SMSToken != "" && m.SMSUser != "" {
		problems = append(problems, fmt.Errorf("--sms-token and --sms-user are two ways to authenticate: give one"))
	}
	return problems
}
