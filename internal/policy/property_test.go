package policy

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The generators draw from small alphabets, so that statements and requests
// meet often. A statement is its JSON form.
type jsonObject = map[string]any

var conditionSamples = []jsonObject{
	nil,
	{"StringEquals": jsonObject{"k": "a"}},
	{"StringNotEquals": jsonObject{"k": "a"}},
	{"StringLikeIfExists": jsonObject{"k": []string{"a*", "${aws:username}"}}},
	{"ForAllValues:StringEquals": jsonObject{"k": []string{"a", "b"}}},
	{"ForAnyValue:StringNotEquals": jsonObject{"k": "b"}},
	{"Null": jsonObject{"k": "true"}},
	{"NumericLessThan": jsonObject{"n": "5"}, "Bool": jsonObject{"t": "true"}},
}

func drawStatement(t *rapid.T, effect string, kind Kind) jsonObject {
	s := jsonObject{"Effect": effect}
	pick := func(label string, values ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(values), 1, 2, rapid.ID).Draw(t, label)
	}
	action := "Action"
	if rapid.IntRange(0, 4).Draw(t, "notAction") == 0 {
		action = "NotAction"
	}
	s[action] = pick("action", "*", "s3:*", "s3:Get*", "s3:PutObject", "sqs:SendMessage")
	resource := "Resource"
	if rapid.IntRange(0, 4).Draw(t, "notResource") == 0 {
		resource = "NotResource"
	}
	s[resource] = pick("resource", "*", "arn:aws:s3:::b/*", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/x", "arn:aws:sqs:*:*:q")
	if kind == Resource {
		principal := rapid.SampledFrom([]string{"Principal", "Principal", "NotPrincipal"}).Draw(t, "principal")
		s[principal] = jsonObject{"AWS": pick("who", "*", "123456789012", "arn:aws:iam::123456789012:user/ada",
			"arn:aws:iam::123456789012:role/App", "arn:aws:sts::123456789012:assumed-role/App/s")}
	}
	if c := rapid.SampledFrom(conditionSamples).Draw(t, "condition"); c != nil {
		s["Condition"] = c
	}
	return s
}

func drawEffect(t *rapid.T) string {
	return rapid.SampledFrom([]string{"Allow", "Allow", "Allow", "Deny"}).Draw(t, "effect")
}

// world is the statements of every source, from which Policies are made.
type world struct{ identity, boundary, session, resource []jsonObject }

func drawStatements(t *rapid.T, kind Kind, least int) []jsonObject {
	var list []jsonObject
	for range rapid.IntRange(least, 3).Draw(t, "statements") {
		list = append(list, drawStatement(t, drawEffect(t), kind))
	}
	return list
}

func drawWorld(t *rapid.T) world {
	return world{drawStatements(t, Identity, 0), drawStatements(t, Managed, 0), drawStatements(t, Session, 0), drawStatements(t, Resource, 0)}
}

func (w world) policies(t *rapid.T) Policies {
	return Policies{
		Identity: named(t, w.identity, Identity), Boundary: named(t, w.boundary, Managed),
		Session: named(t, w.session, Session), Resource: named(t, w.resource, Resource),
	}
}

func named(t *rapid.T, statements []jsonObject, kind Kind) []Named {
	if len(statements) == 0 {
		return nil
	}
	src, err := json.Marshal(jsonObject{"Version": version2012, "Statement": statements})
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(src, kind)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return []Named{{"drawn", d}}
}

func drawRequest(t *rapid.T) Request {
	r := Request{
		Principal: rapid.SampledFrom([]Principal{
			{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012", ID: "AIDAADAADAADAADAADAA"},
			{Type: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/App/s", RoleARN: "arn:aws:iam::123456789012:role/App", Account: "123456789012", ID: "AROAAPPAPPAPPAPPAPPAP:s"},
			{Type: FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/f", Account: "123456789012", ID: "123456789012:f"},
			{Type: User, ARN: "arn:aws:iam::999999999999:user/ada", Account: "999999999999", ID: "AIDASTRANGERSTRANGER"},
			{Type: Anonymous},
		}).Draw(t, "who"),
		Action:   rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "sqs:SendMessage"}).Draw(t, "action"),
		Resource: rapid.SampledFrom([]string{"arn:aws:s3:::b/x", "arn:aws:s3:::b/ada", "arn:aws:sqs:us-east-1:123456789012:q", "*"}).Draw(t, "resource"),
	}
	if rapid.Bool().Draw(t, "has k") {
		r.Context.Set("k", rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "ada"}), 0, 2).Draw(t, "k")...)
	}
	r.Context.Set("n", rapid.SampledFrom([]string{"1", "9", "x"}).Draw(t, "n"))
	r.Context.Set("t", "true")
	r.Context.SetPrincipal(r.Principal)
	return r
}

// sources lets a property treat every source alike.
func (w *world) sources() []*[]jsonObject {
	return []*[]jsonObject{&w.identity, &w.boundary, &w.session, &w.resource}
}

var sourceKinds = []Kind{Identity, Managed, Session, Resource}

func TestDenyNeverAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, r := drawWorld(t), drawRequest(t)
		before := Evaluate(w.policies(t), r)
		i := rapid.IntRange(0, 3).Draw(t, "source")
		list := w.sources()[i]
		*list = append(*list, drawStatement(t, "Deny", sourceKinds[i]))
		if after := Evaluate(w.policies(t), r); after.Allowed && !before.Allowed {
			t.Fatalf("was %s\nis %s", before.Explain(), after.Explain())
		}
	})
}

func TestAllowNeverDenies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, r := drawWorld(t), drawRequest(t)
		before := Evaluate(w.policies(t), r)
		i := rapid.IntRange(0, 3).Draw(t, "source")
		list := w.sources()[i]
		if len(*list) == 0 && (i == 1 || i == 2) {
			return // a first boundary or session policy limits
		}
		*list = append(*list, drawStatement(t, "Allow", sourceKinds[i]))
		if after := Evaluate(w.policies(t), r); before.Allowed && !after.Allowed {
			t.Fatalf("was %s\nis %s", before.Explain(), after.Explain())
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, r := drawWorld(t), drawRequest(t)
		before := Evaluate(w.policies(t), r)
		for _, list := range w.sources() {
			if len(*list) > 1 {
				*list = rapid.Permutation(*list).Draw(t, "order")
			}
		}
		after := Evaluate(w.policies(t), r)
		if before.Allowed != after.Allowed || before.Explicit != after.Explicit || before.By != after.By {
			t.Fatalf("was %s\nis %s", before.Explain(), after.Explain())
		}
	})
}

// TestBoundaryNeverGrants also holds for session policies, except that a
// federated user needs one to have any permissions at all.
func TestBoundaryNeverGrants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, r := drawWorld(t), drawRequest(t)
		limited := Evaluate(w.policies(t), r)
		w.boundary = nil
		if r.Principal.Type != FederatedUser {
			w.session = nil
		}
		free := Evaluate(w.policies(t), r)
		if limited.Allowed && !free.Allowed {
			t.Fatalf("limited: %s\nfree: %s", limited.Explain(), free.Explain())
		}
		w.identity, w.resource = nil, nil
		w.boundary, w.session = drawStatements(t, Managed, 1), drawStatements(t, Session, 1)
		if d := Evaluate(w.policies(t), r); d.Allowed {
			t.Fatalf("limits alone: %s", d.Explain())
		}
	})
}

func TestEveryDecisionExplainsItself(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, r := drawWorld(t), drawRequest(t)
		d := Evaluate(w.policies(t), r)
		if (d.Message() == "") != d.Allowed {
			t.Fatalf("message %q of allowed=%v", d.Message(), d.Allowed)
		}
		word, _, _ := strings.Cut(d.Explain(), " ")
		if want := map[bool]string{true: "allowed", false: "denied"}[d.Allowed]; strings.TrimSuffix(word, ":") != want {
			t.Fatalf("explanation %q of allowed=%v", d.Explain(), d.Allowed)
		}
		if strings.Contains(d.Explain(), "\n") {
			t.Fatalf("more than a line: %q", d.Explain())
		}
		if (d.Allowed || d.Explicit) != (d.Statement > 0) {
			t.Fatalf("%s: statement %d", d.Explain(), d.Statement)
		}
		shouted := r
		shouted.Action = strings.ToUpper(r.Action)
		if again := Evaluate(w.policies(t), shouted); again.Allowed != d.Allowed {
			t.Fatal("the case of the action matters")
		}
	})
}

func TestDecimalsCompareLikeRationals(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[+-]?(0{0,2}[0-9]{1,3}|9007199254740[0-9]{3})(\.[0-9]{1,3}0{0,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := text.Draw(t, "a"), text.Draw(t, "b")
		x, okX := parseDecimal(a)
		y, okY := parseDecimal(b)
		p, okP := new(big.Rat).SetString(a)
		q, okQ := new(big.Rat).SetString(b)
		if !okX || !okY || !okP || !okQ {
			t.Fatalf("%q %v %v, %q %v %v", a, okX, okP, b, okY, okQ)
		}
		if got, want := x.compare(y), p.Cmp(q); got != want {
			t.Fatalf("%s and %s: got %d, want %d", a, b, got, want)
		}
	})
}

// TestPrincipalsInPlace draws Principal elements and checks their precision
// against the list of what they hold.
func TestPrincipalsInPlace(t *testing.T) {
	t.Parallel()
	session := Principal{Type: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/App/s",
		RoleARN: "arn:aws:iam::123456789012:role/App", Account: "123456789012", ID: "AROAAPPAPPAPPAPPAPPAP:s"}
	worth := map[string]naming{
		session.ARN: directly, session.RoleARN: byRole, "AROAAPPAPPAPPAPPAPPAP": byRole, "*": byRole,
		"123456789012": byAccount, "arn:aws:iam::123456789012:root": byAccount,
		"arn:aws:iam::123456789012:role/Other": unnamed, "999999999999": unnamed, "AIDAADAADAADAADAADAA": unnamed,
	}
	var values []string
	for v := range worth {
		values = append(values, v)
	}
	slices.Sort(values)
	rapid.Check(t, func(t *rapid.T) {
		chosen := rapid.SliceOfN(rapid.SampledFrom(values), 1, 3).Draw(t, "values")
		want := unnamed
		for _, v := range chosen {
			want = max(want, worth[v])
		}
		set, err := rawPrincipal{"Principal", []element{{"AWS", chosen}}}.compile()
		if err != nil {
			t.Fatal(err)
		}
		if got := set.names(session, false); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	})
}
