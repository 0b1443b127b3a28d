package trigger

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os/exec"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"pintail/internal/awscall"
	"pintail/internal/hook"
	"pintail/internal/sigv4"
)

// How many calls of one function run at the same time when the file does not say.
const (
	remoteConcurrency = 64
	localConcurrency  = 8 // a process each
	maxConcurrency    = 10_000
)

// entry is what the file says of one ARN: exactly one of the three ways of calling.
type entry struct {
	Webhook     *webhookEntry `json:"webhook"`
	Lambda      *lambdaEntry  `json:"lambda"`
	Command     *commandEntry `json:"command"`
	Concurrency int           `json:"concurrency"`
}

type webhookEntry struct {
	URL    string `json:"url"`
	Secret secret `json:"secret"`
}

type lambdaEntry struct {
	endpointEntry
	Function string `json:"function"`
}

// endpointEntry is where an API of AWS is, and who calls it.
type endpointEntry struct {
	URL             string `json:"url"`
	Region          string `json:"region"`
	AccessKeyID     secret `json:"accessKeyId"`
	SecretAccessKey secret `json:"secretAccessKey"`
	SessionToken    secret `json:"sessionToken"`
}

type commandEntry struct {
	Argv []string          `json:"argv"`
	Dir  string            `json:"dir"`
	Env  map[string]secret `json:"env"`
}

// target makes what an entry describes.
func (l *loader) target(text jsontext.Value) (*target, error) {
	var e entry
	if err := strict(text, &e); err != nil {
		return nil, err
	}
	if e.Concurrency < 0 || e.Concurrency > maxConcurrency {
		return nil, fmt.Errorf("concurrency is from 1 to %d", maxConcurrency)
	}
	ways := 0
	for _, given := range []bool{e.Webhook != nil, e.Lambda != nil, e.Command != nil} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("give one of webhook, lambda and command")
	}
	remote, local := cmp.Or(e.Concurrency, remoteConcurrency), cmp.Or(e.Concurrency, localConcurrency)
	switch {
	case e.Webhook != nil:
		f, err := l.webhook(e.Webhook, remote)
		return &target{f, newGate(remote)}, err
	case e.Lambda != nil:
		f, err := l.lambda(e.Lambda, remote)
		return &target{f, newGate(remote)}, err
	default:
		f, err := l.command(e.Command)
		return &target{f, newGate(local)}, err
	}
}

func (l *loader) webhook(e *webhookEntry, concurrency int) (*webhook, error) {
	key, err := l.webhookSecret(e)
	if err != nil {
		return nil, err
	}
	return &webhook{url: e.URL, secret: key, now: l.Now, client: hook.NewClient(concurrency)}, nil
}

// webhookSecret checks an entry and returns its secret.
func (l *loader) webhookSecret(e *webhookEntry) ([]byte, error) {
	if _, err := httpURL(e.URL); err != nil {
		return nil, fmt.Errorf("webhook.url %w", err)
	}
	key, err := l.reveal(e.Secret)
	if err != nil {
		return nil, fmt.Errorf("webhook.secret: %w", err)
	}
	if len(key) < hook.MinSecret {
		return nil, fmt.Errorf("webhook.secret, with which calls are signed, has fewer than %d characters", hook.MinSecret)
	}
	return []byte(key), nil
}

func (l *loader) lambda(e *lambdaEntry, concurrency int) (*lambda, error) {
	at, err := l.endpoint(&e.endpointEntry, concurrency)
	if err != nil {
		return nil, fmt.Errorf("lambda%w", err)
	}
	return &lambda{Endpoint: at, function: e.Function}, nil
}

// endpoint makes what an entry describes. Its errors follow the entry's name.
func (l *loader) endpoint(e *endpointEntry, concurrency int) (*awscall.Endpoint, error) {
	u, err := httpURL(e.URL)
	if err != nil {
		return nil, fmt.Errorf(".url %w", err)
	}
	credentials, err := l.credentials(e)
	if err != nil {
		return nil, err
	}
	return &awscall.Endpoint{URL: u, Region: e.Region, Credentials: credentials, Now: l.Now, Client: hook.NewClient(concurrency)}, nil
}

// credentials are those of the entry, else those that AWS's own tools find in the
// environment.
func (l *loader) credentials(e *endpointEntry) (c sigv4.Credentials, err error) {
	if e.AccessKeyID == (secret{}) && e.SecretAccessKey == (secret{}) {
		c.AccessKeyID, _ = l.LookupEnv("AWS_ACCESS_KEY_ID")
		c.Secret, _ = l.LookupEnv("AWS_SECRET_ACCESS_KEY")
		c.Token, _ = l.LookupEnv("AWS_SESSION_TOKEN")
	} else {
		var errs [3]error
		c.AccessKeyID, errs[0] = l.reveal(e.AccessKeyID)
		c.Secret, errs[1] = l.reveal(e.SecretAccessKey)
		c.Token, errs[2] = l.reveal(e.SessionToken)
		if err = errors.Join(errs[:]...); err != nil {
			err = fmt.Errorf(": %w", err)
		}
	}
	if err == nil && (c.AccessKeyID == "" || c.Secret == "") {
		err = errors.New(" has no credentials: give accessKeyId and secretAccessKey, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return c, err
}

func (l *loader) command(e *commandEntry) (*command, error) {
	if len(e.Argv) == 0 || e.Argv[0] == "" {
		return nil, errors.New(`command.argv is empty: give the program and its arguments, ["/usr/bin/node", "hook.js"]`)
	}
	program, err := exec.LookPath(e.Argv[0])
	if err != nil {
		return nil, fmt.Errorf("command.argv: %w", err)
	}
	c := &command{argv: append([]string{program}, e.Argv[1:]...), dir: e.Dir, env: []string{}}
	for _, name := range []string{"PATH", "HOME"} {
		if value, ok := l.LookupEnv(name); ok {
			c.env = append(c.env, name+"="+value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Env)) {
		value, err := l.reveal(e.Env[name])
		if err != nil {
			return nil, fmt.Errorf("command.env: %w", err)
		}
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return nil, fmt.Errorf("command.env: %q cannot be a variable", name)
		}
		c.env = append(c.env, name+"="+value)
	}
	return c, nil
}

// httpURL reads the address of a function.
func httpURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is not a URL such as https://hooks.example.org/sign-up", text)
	}
	return u, nil
}
