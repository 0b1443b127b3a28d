package policy

// Request is a question: may this principal do this to that?
type Request struct {
	Principal Principal
	// Action is "service:Name", in any case.
	Action string
	// Resource is one ARN, or "*" for an action that has no resource type. An
	// operation on several resources asks once for each.
	Resource string
	Context  Context
}

// Named is a policy with the name by which people know it: its ARN, or
// "inline NAME on ROLE". A nil Document stands for a policy that is gone: it
// allows nothing and denies nothing, and yet, as a boundary or session policy,
// it still limits.
type Named struct {
	Name string
	*Document
}

// Policies is everything that applies to a request.
type Policies struct {
	// Identity policies: the user's and its groups', or the role's.
	Identity []Named
	// Boundary limits what the identity policies grant; every one must allow.
	Boundary []Named
	// Session policies limit a session; one of them must allow. A federated
	// user without any has no permissions.
	Session []Named
	// Resource policies are attached to what is acted upon. With Trust it is the
	// trust policy of the role to be assumed, without which nothing is allowed.
	Resource []Named
	Trust    bool
}

// Evaluate decides a request (IAM User Guide, "Policy evaluation logic"). It
// does no I/O and allocates next to nothing; Decision explains on demand.
func Evaluate(p Policies, r Request) Decision {
	e := evaluation{policies: p, query: newQuery(r)}
	allowed, explicit, at := e.decide()
	d := Decision{Allowed: allowed, Explicit: explicit, By: at.by, policies: p, request: r}
	if at.statement != nil {
		d.Policy, d.Statement, d.Sid, d.decided = at.policy, at.number, at.statement.sid, at.statement
	}
	return d
}

// query is a request prepared for matching.
type query struct {
	principal Principal
	action    string // folded
	target    target
	context   Context
}

func newQuery(r Request) query {
	return query{r.Principal, fold(r.Action), newTarget(r.Resource), r.Context}
}

// place is where a decision was found: a source, and a statement in it unless
// the decision is that no statement allows.
type place struct {
	by        Source
	policy    string
	number    int // counted from 1
	statement *statement
}

type evaluation struct {
	policies Policies
	query    query
}

// decide follows the order of the evaluation logic. Names of sources in an
// implicit denial are those that AWS would name.
func (e *evaluation) decide() (allowed, explicit bool, at place) {
	p := &e.policies
	if e.query.principal.Type == Root {
		return !p.Trust, false, place{by: ByRoot}
	}
	identity := e.scan(ByIdentity, p.Identity)
	session := e.scan(BySession, p.Session)
	resource := e.scan(e.resourceSource(), p.Resource)
	boundary := e.scanEach(ByBoundary, p.Boundary)
	for _, f := range []*finding{&identity, &boundary, &session, &resource} {
		if f.denied {
			return false, true, f.deny
		}
	}
	if missing := e.missing(&identity, &boundary, &session, &resource); missing != nil {
		return false, false, place{by: missing.by}
	}
	if resource.naming >= byRole {
		return true, false, resource.allow
	}
	return true, false, identity.allow
}

// missing returns the finding whose allow the request lacks, or nil.
func (e *evaluation) missing(identity, boundary, session, resource *finding) *finding {
	outside := !e.query.principal.inAccount()
	granted := resource.naming >= byRole
	switch {
	case resource.naming == unnamed && (e.policies.Trust || outside || e.crossAccount()):
		return resource
	case outside:
		return nil
	case resource.naming == directly && !e.crossAccount():
		return nil
	case !identity.allowed && (!granted || e.crossAccount()):
		return identity
	case len(e.policies.Boundary) > 0 && !boundary.allowed:
		return boundary
	case (len(e.policies.Session) > 0 || e.query.principal.Type == FederatedUser) && !session.allowed:
		return session
	}
	return nil
}

// crossAccount tells whether the resource belongs to another account, whose
// policy must then allow the request as well as the caller's own.
func (e *evaluation) crossAccount() bool {
	owner := e.query.target.parts[4]
	return isAccountID(owner) && owner != e.query.principal.Account
}

func (e *evaluation) resourceSource() Source {
	if e.policies.Trust {
		return ByTrust
	}
	return ByResource
}

// finding is what the policies of one source say about a request.
type finding struct {
	by              Source
	denied, allowed bool
	deny, allow     place
	naming          naming // of the most precise Allow, in resource-based policies
}

// scan looks for the first Deny and the most precise Allow.
func (e *evaluation) scan(by Source, policies []Named) finding {
	f := finding{by: by}
	for i := range policies {
		if policies[i].Document == nil {
			continue
		}
		for j := range policies[i].statements {
			s := &policies[i].statements[j]
			if _, applies := s.applies(&e.query); !applies {
				continue
			}
			at := place{by, policies[i].Name, j + 1, s}
			if s.deny {
				f.denied, f.deny = true, at
				return f
			}
			if !policies[i].fits(by) {
				continue
			}
			if n := s.principals.names(e.query.principal, false); n > f.naming {
				f.allowed, f.allow, f.naming = true, at, n
			}
		}
	}
	return f
}

// scanEach is scan where every policy must allow, not just one.
func (e *evaluation) scanEach(by Source, policies []Named) finding {
	all := finding{by: by, allowed: true}
	for i := range policies {
		f := e.scan(by, policies[i:i+1])
		if f.denied {
			return f
		}
		all.allowed = all.allowed && f.allowed
	}
	return all
}

// stage is how far a statement agreed with a request; from inCondition on it
// counts the conditions that held.
type stage int

const (
	inAction stage = iota
	inPrincipal
	inResource
	inCondition
)

// applies tells whether a statement is about the request, and otherwise which
// of its elements is the first that is not.
func (s *statement) applies(q *query) (stopped stage, ok bool) {
	switch {
	case !s.actions.covers(q.action):
		return inAction, false
	case s.principals.names(q.principal, s.deny) == unnamed:
		return inPrincipal, false
	case !s.resources.covers(&q.target, q.context, s.deny):
		return inResource, false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(q.context) {
			return inCondition + stage(i), false
		}
	}
	return inCondition + stage(len(s.conditions)), true
}
