package trigger

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Options are what an Invoker takes from its surroundings. The zero value is the
// machine's.
type Options struct {
	// Now is the time at which calls are signed.
	Now func() time.Time
	// LookupEnv finds variables of the environment.
	LookupEnv func(name string) (string, bool)
}

// file is the configuration file.
type file struct {
	// Timeout is how long a function may take, each time it is asked.
	Timeout      string                    `json:"timeout"`
	Triggers     map[string]jsontext.Value `json:"triggers"`
	Keys         map[string]jsontext.Value `json:"keys"`
	Destinations map[string]jsontext.Value `json:"destinations"`
}

// loader reads a configuration file and remembers all that is wrong with it.
type loader struct {
	Options
	problems []error
}

// Load reads the file that says what stands behind the ARNs of LambdaConfig, under
// which keys the codes for custom senders are sealed, and where the destinations of
// pools' logs are. Its form is described
// in docs/operations.md. Without a path no function can be called.
func Load(path string, o Options) (*Invoker, error) {
	if path == "" {
		return Parse([]byte("{}"), o)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the triggers file cannot be read: %w", err)
	}
	inv, err := Parse(text, o)
	if err != nil {
		return nil, fmt.Errorf("the triggers file %s is wrong:\n%w", path, err)
	}
	return inv, nil
}

// Parse is Load for a file that was read already. Its error names every entry that
// is wrong, and what to do about it.
func Parse(text []byte, o Options) (*Invoker, error) {
	l := &loader{Options: o}
	if l.Now == nil {
		l.Now = time.Now
	}
	if l.LookupEnv == nil {
		l.LookupEnv = os.LookupEnv
	}
	var f file
	if err := strict(text, &f); err != nil {
		return nil, err
	}
	inv := &Invoker{keys: map[string]*rawKey{}, timeout: defaultTimeout}
	if f.Timeout != "" {
		inv.timeout = l.timeout(f.Timeout)
	}
	for _, arn := range slices.Sorted(maps.Keys(f.Triggers)) {
		l.addTrigger(inv, arn, f.Triggers[arn])
	}
	for _, id := range slices.Sorted(maps.Keys(f.Keys)) {
		l.addKey(inv, id, f.Keys[id])
	}
	for _, arn := range slices.Sorted(maps.Keys(f.Destinations)) {
		l.addDestination(inv, arn, f.Destinations[arn])
	}
	if len(l.problems) > 0 {
		return nil, errors.Join(l.problems...)
	}
	return inv, nil
}

// maxTimeout is how long a function may take at most: people wait for it.
const maxTimeout = time.Minute

func (l *loader) timeout(text string) time.Duration {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout <= 0 || timeout > maxTimeout {
		l.problems = append(l.problems, fmt.Errorf(`timeout, %q: give a duration up to one minute, for example "5s"`, text))
	}
	return timeout
}

func (l *loader) addTrigger(inv *Invoker, arn string, text jsontext.Value) {
	if !isPattern(arn) {
		l.wrong("triggers", arn, errors.New("is not the ARN of a function, nor its beginning with * at the end"))
		return
	}
	t, err := l.target(text)
	if err != nil {
		l.wrong("triggers", arn, err)
		return
	}
	inv.functions.add(arn, t)
}

func (l *loader) addKey(inv *Invoker, id string, text jsontext.Value) {
	key, err := l.key(id, text)
	if err != nil {
		l.wrong("keys", id, err)
		return
	}
	inv.keys[id] = key
}

func (l *loader) wrong(section, entry string, err error) {
	l.problems = append(l.problems, fmt.Errorf("%s, %q: %w", section, entry, err))
}

// strict reads JSON that must not hold anything unknown.
func strict(text []byte, v any) error {
	return json.Unmarshal(text, v, json.RejectUnknownMembers(true))
}

// secret is a text that may stand in the environment instead of the file.
type secret struct{ value, env string }

// UnmarshalJSONFrom reads "text" or {"env": "NAME"}.
func (s *secret) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if d.PeekKind() == '"' {
		return json.UnmarshalDecode(d, &s.value)
	}
	var from struct {
		Env string `json:"env"`
	}
	if err := json.UnmarshalDecode(d, &from); err != nil {
		return err
	}
	if from.Env == "" {
		return errors.New(`give a text, or {"env": "NAME"} for a variable of the environment`)
	}
	s.env = from.Env
	return nil
}

// reveal returns the text.
func (l *loader) reveal(s secret) (string, error) {
	if s.env == "" {
		return s.value, nil
	}
	value, ok := l.LookupEnv(s.env)
	if !ok {
		return "", fmt.Errorf("the environment has no %s: set it before the server starts", s.env)
	}
	return value, nil
}
