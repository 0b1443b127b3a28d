package config_test

import (
	"strings"
	"testing"

	"pintail/internal/config"
)

func valid() config.Config {
	return config.Config{Data: "data", Listen: "127.0.0.1:9400", AccountID: "123456789012", Region: "us-east-1"}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := valid()
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(*config.Config)
		want   string
	}{
		"developer mode for the world": {func(c *config.Config) { c.Dev, c.Listen = true, "0.0.0.0:9400" }, "loopback only"},
		"developer mode by host name":  {func(c *config.Config) { c.Dev, c.Listen = true, "example.org:9400" }, "loopback only"},
		"no port":                      {func(c *config.Config) { c.Listen = "localhost" }, "HOST:PORT"},
		"short account":                {func(c *config.Config) { c.AccountID = "1" }, "twelve digits"},
		"odd region":                   {func(c *config.Config) { c.Region = "local" }, "does not look like an AWS region"},
		"half of TLS":                  {func(c *config.Config) { c.TLSKey = "key.pem" }, "go together"},
		"no list of passwords":         {func(c *config.Config) { c.Breached = "none/such.txt" }, "--breached-passwords cannot be read"},
		"endless users":                {func(c *config.Config) { c.EndpointsPerUser = 1001 }, "--endpoints-per-user 1001 is not between 0 and 1000"},
		"another database":             {func(c *config.Config) { c.DatabaseURL = "mysql://x" }, "postgres://"},
		"URL without a scheme":         {func(c *config.Config) { c.PublicURL = "auth.example.org" }, "is not a URL"},
		"mail in clear":                {func(c *config.Config) { c.SMTPURL, c.MailFrom = "smtp://mail.example.org?tls=none", "a@example.org" }, "on this machine only"},
		"mail from nobody":             {func(c *config.Config) { c.SMTPURL = "smtps://mail.example.org" }, "--mail-from"},
		"texts in clear":               {func(c *config.Config) { c.SMSURL = "http://sms.example.org" }, "--sms-url is not an https URL"},
		"texts to nowhere":             {func(c *config.Config) { c.SMSToken = "t" }, "need --sms-url"},
		"no template":                  {func(c *config.Config) { c.SMSURL, c.SMSTemplate = "https://sms.example.org", "none" }, "--sms-template cannot be read"},
		"two ways in":                  {func(c *config.Config) { c.SMSURL, c.SMSToken, c.SMSUser = "https://sms.example.org", "t", "u" }, "give one"},
		"events of no days":            {func(c *config.Config) { c.EventDays = -1 }, "--event-days -1"},
		"no folder":                    {func(c *config.Config) { c.Data = "" }, "--data is empty"},
	} {
		c := valid()
		test.change(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
	everything := config.Config{Listen: "x"}
	if err := everything.Validate(); err == nil || strings.Count(err.Error(), "\n") != 3 {
		t.Errorf("not all four problems are named: %v", err)
	}
}

func TestBaseURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		c          config.Config
		addr, want string
	}{
		{config.Config{}, "127.0.0.1:9400", "http://127.0.0.1:9400"},
		{config.Config{}, "[::]:9400", "http://127.0.0.1:9400"},
		{config.Config{}, "[::1]:9400", "http://[::1]:9400"},
		{config.Config{TLSCert: "c", TLSKey: "k"}, "0.0.0.0:443", "https://127.0.0.1:443"},
		{config.Config{PublicURL: "https://auth.example.org/"}, "127.0.0.1:9400", "https://auth.example.org"},
	} {
		if got := test.c.BaseURL(test.addr); got != test.want {
			t.Errorf("%s is reached at %s, want %s", test.addr, got, test.want)
		}
	}
}
