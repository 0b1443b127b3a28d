package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestScripts runs testdata/*.txt; testdata/README.md describes the language.
func TestScripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			newScript(file, string(text)).run(t)
		})
	}
}

// script is one file being run.
type script struct {
	file, text string
	pos        int

	documents  map[string]*Document
	principals map[string]Principal
	policies   map[string]Policies
	given      [][2]string
	attached   []Named
	trust      bool
	version    string
	last       *Decision
}

func newScript(file, text string) *script {
	return &script{file: file, text: text, version: version2012,
		documents:  map[string]*Document{"gone": nil},
		principals: map[string]Principal{}, policies: map[string]Policies{}}
}

// run executes every command and reports each failure with its line.
func (s *script) run(t *testing.T) {
	commands := 0
	for s.pos < len(s.text) {
		line := 1 + strings.Count(s.text[:s.pos], "\n")
		command := s.word()
		if command == "" {
			s.rest()
			continue
		}
		if strings.HasPrefix(command, "#") {
			s.rest()
			continue
		}
		commands++
		if err := s.execute(command); err != nil {
			t.Errorf("%s:%d: %s: %v", s.file, line, command, err)
			s.rest()
		}
	}
	if commands == 0 {
		t.Errorf("%s: no commands", s.file)
	}
}

func (s *script) execute(command string) error {
	switch command {
	case "policy":
		return s.policy()
	case "principal":
		return s.principal()
	case "given":
		s.given = pairs(s.words())
	case "attach":
		return s.attach(s.words())
	case "version":
		s.version = s.words()[0]
	case "allow", "deny":
		return s.ask(command == "allow", s.words())
	case "message", "explain":
		return s.told(command, s.words()[0])
	case "holds", "fails":
		return s.condition(command == "holds")
	case "action", "resource":
		return s.covers(command, s.words())
	case "valid":
		kind := s.word()
		_, err := Parse(s.json(), kindNamed(kind))
		return err
	case "malformed":
		return s.malformed(kindNamed(s.word()), s.word(), s.rest())
	default:
		return errors.New("unknown command")
	}
	return nil
}

// word returns the next token of the line, "" at its end.
func (s *script) word() string {
	w, _ := s.next()
	return w
}

// next returns the next token of the line, which may be an empty string in
// quotes, and false at the end of the line.
func (s *script) next() (string, bool) {
	for s.pos < len(s.text) && (s.text[s.pos] == ' ' || s.text[s.pos] == '\t') {
		s.pos++
	}
	start := s.pos
	for quoted := false; s.pos < len(s.text) && s.text[s.pos] != '\n'; s.pos++ {
		switch b := s.text[s.pos]; {
		case b == '"' && s.text[s.pos-1] != '\\':
			quoted = !quoted
		case b == ' ' && !quoted:
			return unquote(s.text[start:s.pos]), true
		}
	}
	return unquote(s.text[start:s.pos]), s.pos > start
}

// unquote undoes the quotes of a token or of its value.
func unquote(token string) string {
	i := strings.IndexByte(token, '"')
	if i < 0 {
		return token
	}
	text, err := strconv.Unquote(token[i:])
	if err != nil {
		return token
	}
	return token[:i] + text
}

func (s *script) words() (words []string) {
	for w, ok := s.next(); ok; w, ok = s.next() {
		words = append(words, w)
	}
	return words
}

// rest returns the rest of the line and moves to the next.
func (s *script) rest() string {
	line, _, _ := strings.Cut(s.text[s.pos:], "\n")
	s.pos = min(s.pos+len(line)+1, len(s.text))
	return strings.TrimSpace(line)
}

// json reads one JSON value, over as many lines as it takes.
func (s *script) json() []byte {
	d := json.NewDecoder(strings.NewReader(s.text[s.pos:]))
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		panic(fmt.Sprintf("%s: JSON at byte %d: %v", s.file, s.pos, err))
	}
	s.pos += int(d.InputOffset())
	return raw
}

func kindNamed(name string) Kind {
	for k := Identity; k <= Resource; k++ {
		if k.String() == name {
			return k
		}
	}
	panic("no kind " + name)
}

func sourceNamed(name string) Source {
	sources := map[string]Source{"root": ByRoot, "identity": ByIdentity, "boundary": ByBoundary,
		"session": BySession, "resource": ByResource, "trust": ByTrust}
	source, ok := sources[name]
	if !ok {
		panic("no source " + name)
	}
	return source
}

func pairs(words []string) (kv [][2]string) {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		kv = append(kv, [2]string{key, value})
	}
	return kv
}

func contextOf(lists ...[][2]string) (c Context) {
	for _, list := range lists {
		fresh := map[string]bool{}
		for _, kv := range list {
			key, value := kv[0], kv[1]
			before, _ := c.Get(key)
			switch {
			case value == "()":
				c.Set(key)
			case fresh[key]:
				c.Set(key, append(before, value)...)
			default:
				c.Set(key, value)
			}
			fresh[key] = true
		}
	}
	return c
}

func (s *script) policy() error {
	name, kind := s.word(), s.word()
	d, err := Parse(s.json(), kindNamed(kind))
	s.documents[name] = d
	return err
}

func (s *script) principal() error {
	name, kind := s.word(), s.word()
	p, applied := Principal{Type: -1}, Policies{}
	for t := Anonymous; t <= Service; t++ {
		if t.String() == kind {
			p.Type = t
		}
	}
	if p.Type < 0 {
		return fmt.Errorf("no principal type %s", kind)
	}
	for _, kv := range pairs(s.words()) {
		fields := map[string]*string{"arn": &p.ARN, "role": &p.RoleARN, "account": &p.Account, "id": &p.ID,
			"federated": &p.Federated, "service": &p.Service}
		lists := map[string]*[]Named{"identity": &applied.Identity, "boundary": &applied.Boundary, "session": &applied.Session}
		key, value := kv[0], kv[1]
		if field := fields[key]; field != nil {
			*field = value
			continue
		}
		list := lists[key]
		d, known := s.documents[value]
		if list == nil || !known {
			return fmt.Errorf("unknown attribute or policy %s=%s", key, value)
		}
		*list = append(*list, Named{value, d})
	}
	s.principals[name], s.policies[name] = p, applied
	return nil
}

func (s *script) attach(names []string) error {
	s.attached, s.trust = nil, false
	for _, name := range names {
		if name == "no-role" {
			s.trust = true
			continue
		}
		d, ok := s.documents[name]
		if !ok {
			return fmt.Errorf("no policy %s", name)
		}
		s.attached = append(s.attached, Named{name, d})
		s.trust = s.trust || d != nil && d.kind == Trust
	}
	return nil
}

func (s *script) ask(allow bool, words []string) error {
	explicit := !allow && words[0] == "explicit"
	if !allow {
		words = words[1:]
	}
	if len(words) < 5 || words[0] != "by" {
		return errors.New("want: by SOURCE PRINCIPAL ACTION RESOURCE")
	}
	who, ok := s.principals[words[2]]
	if !ok {
		return fmt.Errorf("no principal %s", words[2])
	}
	p := s.policies[words[2]]
	p.Resource, p.Trust = s.attached, s.trust
	r := Request{Principal: who, Action: words[3], Resource: words[4], Context: contextOf(s.given, pairs(words[5:]))}
	r.Context.SetPrincipal(who)
	d := Evaluate(p, r)
	s.last = &d
	if by := sourceNamed(words[1]); d.Allowed != allow || d.Explicit != explicit || d.By != by {
		return fmt.Errorf("got allowed=%v explicit=%v by %v: %s", d.Allowed, d.Explicit, d.By, d.Explain())
	}
	return nil
}

func (s *script) told(command, want string) error {
	if s.last == nil {
		return errors.New("nothing was asked yet")
	}
	if got := s.last.Message(); command == "message" && got != want {
		return fmt.Errorf("got %q", got)
	}
	if got := s.last.Explain(); command == "explain" && !strings.Contains(got, want) {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

// statementWith evaluates one Allow statement with some elements of its own.
func (s *script) statementWith(elements, action, resource string, c Context) (bool, error) {
	d, err := Parse(fmt.Appendf(nil, `{"Version":%q,"Statement":{"Effect":"Allow",%s}}`, s.version, elements), Identity)
	if err != nil {
		return false, err
	}
	user := Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012"}
	r := Request{Principal: user, Action: action, Resource: resource, Context: c}
	return Evaluate(Policies{Identity: []Named{{"script", d}}}, r).Allowed, nil
}

func (s *script) condition(want bool) error {
	elements := `"Action":"*","Resource":"*","Condition":` + string(s.json())
	got, err := s.statementWith(elements, "s3:GetObject", "*", contextOf(pairs(s.words())))
	if err == nil && got != want {
		err = fmt.Errorf("got %v", got)
	}
	return err
}

func (s *script) covers(command string, words []string) error {
	pattern, _ := json.Marshal(words[0])
	elements, action, resource := `"Action":"*","Resource":`+string(pattern), "s3:GetObject", words[2]
	if command == "action" {
		elements, action, resource = `"Resource":"*","Action":`+string(pattern), words[2], "*"
	}
	got, err := s.statementWith(elements, action, resource, contextOf(pairs(words[3:])))
	if err == nil && got != (words[1] == "covers") {
		err = fmt.Errorf("got %v", got)
	}
	return err
}

func (s *script) malformed(kind Kind, want, src string) error {
	_, err := Parse([]byte(src), kind)
	var m *MalformedError
	if !errors.As(err, &m) {
		return fmt.Errorf("accepted, err = %v", err)
	}
	if m.Message != want {
		return fmt.Errorf("got %q (%s)", m.Message, m.Detail)
	}
	return nil
}
