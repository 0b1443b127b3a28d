package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// Explain says in one line why the decision is what it is: the statement that
// decided and what it saw in the request, or the Allow that is missing and the
// statement that came nearest. It is for the account's owner, not for the
// caller, and must be asked before the request's Context changes.
func (d Decision) Explain() string {
	switch {
	case d.By == ByRoot && d.Allowed:
		return "allowed: no policy limits the account's root user"
	case d.By == ByRoot:
		return "denied: the account's root user may not assume roles"
	case d.decided != nil:
		word := "denied"
		if d.Allowed {
			word = "allowed"
		}
		return fmt.Sprintf("%s by %s: %s", word, d.where(d.Policy, d.Statement, d.Sid), d.decided.account(d.request))
	}
	return fmt.Sprintf("denied: no %s allows %s on %s; %s", d.By, quote(d.request.Action), quote(d.request.Resource), d.nearest())
}

// where names a statement: its number, its Sid if it has one, its policy.
func (d Decision) where(policy string, number int, sid string) string {
	if sid != "" {
		sid = " (" + sid + ")"
	}
	return fmt.Sprintf("statement %d%s of %s %s", number, sid, d.By, quote(policy))
}

// candidates are the policies of the source that decided.
func (d Decision) candidates() []Named {
	switch d.By {
	case ByIdentity:
		return d.policies.Identity
	case ByBoundary:
		return d.policies.Boundary
	case BySession:
		return d.policies.Session
	}
	return d.policies.Resource
}

// nearest describes the Allow statement that agreed with most of the request.
func (d Decision) nearest() string {
	q := newQuery(d.request)
	best, text := inAction, ""
	for _, p := range d.candidates() {
		if p.Document == nil {
			continue
		}
		for i := range p.statements {
			s := &p.statements[i]
			stopped, applies := s.applies(&q)
			if s.deny || applies || stopped <= best {
				continue
			}
			best = stopped
			text = fmt.Sprintf("nearest is %s: %s", d.where(p.Name, i+1, s.sid), s.objection(stopped, d.request))
		}
	}
	switch {
	case len(d.candidates()) == 0:
		return "there is none"
	case text == "":
		return "no Allow is about the action"
	}
	return text
}

// objection says what in the statement does not agree with the request.
func (s *statement) objection(stopped stage, r Request) string {
	switch stopped {
	case inPrincipal:
		return "it does not name " + quote(r.Principal.label())
	case inResource:
		return s.resourceText(r.Context) + " does not cover the resource"
	}
	return s.conditions[stopped-inCondition].account(s.variables, r.Context)
}

// account says what in the request a statement agreed with.
func (s *statement) account(r Request) string {
	parts := []string{s.actionText()}
	if s.resources != nil {
		parts = append(parts, s.resourceText(r.Context))
	}
	if s.principals != nil {
		parts = append(parts, "Principal covers "+quote(r.Principal.label()))
	}
	for i := range s.conditions {
		parts = append(parts, s.conditions[i].account(s.variables, r.Context))
	}
	return strings.Join(parts, "; ")
}

func (s *statement) actionText() string {
	var sources []string
	for _, p := range s.actions.patterns {
		sources = append(sources, p.source)
	}
	return elementName("Action", s.actions.not) + " " + quoteList(sources)
}

func (s *statement) resourceText(c Context) string {
	var sources []string
	for _, p := range s.resources.patterns {
		sources = append(sources, p.source)
	}
	return elementName("Resource", s.resources.not) + " " + quoteList(sources) + variableText(sources, s.variables, c)
}

func elementName(name string, not bool) string {
	if not {
		return "Not" + name
	}
	return name
}

// account says what a condition wants and what the request has.
func (cd *condition) account(vars bool, c Context) string {
	has := "has no such key"
	if values, present := c.lookup(cd.folded); present {
		has = "has " + quoteList(values)
	}
	return fmt.Sprintf("%s %s wants %s%s, the request %s", cd.operator.name, quote(cd.key), quoteList(cd.values), variableText(cd.values, vars, c), has)
}

// variableText lists the variables in texts of a policy with their values.
func variableText(sources []string, vars bool, c Context) string {
	var b strings.Builder
	for _, source := range sources {
		for _, pc := range compile(source, true, vars).pieces {
			if pc.kind != variable {
				continue
			}
			value := "unresolved"
			if v, ok := pc.resolve(c); ok {
				value = quote(v)
			}
			fmt.Fprintf(&b, ", variable %s is %s", quote(pc.text), value)
		}
	}
	return b.String()
}

const (
	shownValues = 5   // values of a list
	shownLength = 200 // bytes of a value
)

// quote makes text from requests safe and short enough for a log line.
func quote(s string) string {
	if len(s) > shownLength {
		return strconv.Quote(s[:shownLength]) + "..."
	}
	return strconv.Quote(s)
}

func quoteList(values []string) string {
	var shown []string
	for _, v := range values[:min(len(values), shownValues)] {
		shown = append(shown, quote(v))
	}
	if more := len(values) - shownValues; more > 0 {
		shown = append(shown, fmt.Sprintf("and %d more", more))
	}
	return "[" + strings.Join(shown, " ") + "]"
}
