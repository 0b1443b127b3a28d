// Package config holds the one description of how a Pintail server runs. The
// command line fills it in (defaults, then a file, then the environment, then
// flags); Validate is called once, before anything is opened.
package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Config says how the server runs. The tags are read by the command line
// (package cli); every setting is also an environment variable.
type Config struct {
	Data           string   `help:"Folder that holds everything the server must not lose." default:"pintail-data" type:"path" env:"PINTAIL_DATA" placeholder:"FOLDER"`
	Listen         string   `help:"Address to listen on." default:"127.0.0.1:9400" env:"PINTAIL_LISTEN" placeholder:"HOST:PORT"`
	Dev            bool     `help:"Developer mode, on loopback only: any access key that the server does not know is the root user, and reset and outbox are open." env:"PINTAIL_DEV"`
	DatabaseURL    string   `help:"Keep everything in this PostgreSQL database instead of the data folder." env:"PINTAIL_DATABASE_URL" placeholder:"URL"`
	AccountID      string   `help:"The AWS account that this server plays." default:"000000000000" env:"PINTAIL_ACCOUNT_ID" placeholder:"ID"`
	Region         string   `help:"The AWS region that this server plays." default:"us-east-1" env:"PINTAIL_REGION" placeholder:"REGION"`
	TLSCert        string   `help:"Serve HTTPS with this certificate (PEM)." type:"path" env:"PINTAIL_TLS_CERT" placeholder:"FILE" name:"tls-cert"`
	TLSKey         string   `help:"The certificate's private key (PEM)." type:"path" env:"PINTAIL_TLS_KEY" placeholder:"FILE" name:"tls-key"`
	PublicURL      string   `help:"How clients reach this server; the issuer of its tokens begins with it. Default: the listen address." env:"PINTAIL_PUBLIC_URL" placeholder:"URL"`
	MasterKey      string   `help:"The master key (base64) that seals secrets at rest. Default: a file in the data folder." env:"PINTAIL_MASTER_KEY" placeholder:"KEY"`
	Hosts          []string `help:"Further host names that clients sign for when a proxy stands in front." env:"PINTAIL_HOSTS" placeholder:"NAME"`
	Triggers       string   `help:"JSON file that says what stands behind ARNs: functions of user pools, and destinations of logs and event streams." type:"path" env:"PINTAIL_TRIGGERS" placeholder:"FILE"`
	Breached       string   `help:"Passwords known from breaches, for the risk configurations of user pools: SHA-1 hashes ordered by hash, as Have I Been Pwned offers them, or plain passwords, one on each line." type:"path" env:"PINTAIL_BREACHED_PASSWORDS" placeholder:"FILE" name:"breached-passwords"`
	CodesPerSource int      `help:"How many codes one address can have sent, or get wrong, in an hour and a user pool. 0 sets no limit." default:"500" env:"PINTAIL_CODES_PER_SOURCE" placeholder:"N"`
	AuditDays      int      `help:"For how many days signed calls stay in the audit trail." default:"90" env:"PINTAIL_AUDIT_DAYS" placeholder:"N"`
	AuditDataDays  int      `help:"For how many days the calls by which apps report stay there." default:"1" env:"PINTAIL_AUDIT_DATA_DAYS" placeholder:"N"`
	EventDays      int      `help:"For how many days events are kept, where their application does not say. 0 is for ever." default:"0" env:"PINTAIL_EVENT_DAYS" placeholder:"N"`
	Messages       `embed:""`
	Audience       `embed:""`
	Providers      `embed:""`
	LogFormat      string `help:"Log lines as text or JSON." enum:"text,json" default:"text" env:"PINTAIL_LOG_FORMAT"`
	LogLevel       string `help:"How much to log." enum:"debug,info,warn,error" default:"info" env:"PINTAIL_LOG_LEVEL"`
}

var (
	accountPattern = regexp.MustCompile(`^[0-9]{12}$`)
	regionPattern  = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$`)
)

// maxEventDays is the longest that can be asked for: a hundred years.
const maxEventDays = 36525

// Validate checks every setting and names all that are wrong, each with what to
// do about it.
func (c *Config) Validate() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Data == "" {
		wrong("--data is empty: name a folder for the server's data")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		wrong("--listen %q is not HOST:PORT, for example 127.0.0.1:9400", c.Listen)
	}
	if c.Dev && err == nil && !loopback(host) {
		wrong("--dev trusts every caller, so it listens on loopback only: use --listen 127.0.0.1:PORT, or leave --dev out")
	}
	if !accountPattern.MatchString(c.AccountID) {
		wrong("--account-id %q is not twelve digits", c.AccountID)
	}
	if !regionPattern.MatchString(c.Region) {
		wrong("--region %q does not look like an AWS region such as us-east-1", c.Region)
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		wrong("--tls-cert and --tls-key go together: give both or neither")
	}
	for _, f := range []string{c.TLSCert, c.TLSKey} {
		if _, err := os.Stat(f); f != "" && err != nil {
			wrong("TLS file cannot be read: %v", err)
		}
	}
	if _, err := os.Stat(c.Breached); c.Breached != "" && err != nil {
		wrong("--breached-passwords cannot be read: %v", err)
	}
	if c.CodesPerSource < 0 {
		wrong("--codes-per-source %d is negative: give a number, or 0 for no limit", c.CodesPerSource)
	}
	if c.EventDays < 0 || c.EventDays > maxEventDays {
		wrong("--event-days %d is not from 0, which keeps events for ever, to %d", c.EventDays, maxEventDays)
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		wrong("--database-url must begin with postgres://")
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https") {
		wrong("--public-url %q is not a URL such as https://auth.example.org", c.PublicURL)
	}
	problems = append(problems, c.Messages.validate()...)
	problems = append(problems, c.Audience.validate()...)
	problems = append(problems, c.Providers.validate()...)
	return errors.Join(problems...)
}

// TLS tells whether the server speaks HTTPS itself.
func (c *Config) TLS() bool { return c.TLSCert != "" }

// BaseURL is where clients reach a server that listens on addr: the public
// URL, or else the listen address with loopback in place of "all interfaces".
func (c *Config) BaseURL(addr string) string {
	if c.PublicURL != "" {
		return strings.TrimRight(c.PublicURL, "/")
	}
	scheme := "http"
	if c.TLS() {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return scheme + "://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Path names a file in the data folder.
func (c *Config) Path(name string) string { return filepath.Join(c.Data, name) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
