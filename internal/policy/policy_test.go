package policy

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParse(t testing.TB, kind Kind, src string) *Document {
	t.Helper()
	d, err := Parse([]byte(src), kind)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestContext(t *testing.T) {
	t.Parallel()
	var c Context
	if _, present := c.Get("k"); present {
		t.Error("zero context has a key")
	}
	values := []string{"a", "b"}
	c.Set("AWS:TagKeys", values...)
	values[0] = "changed"
	if got, _ := c.Get("aws:tagkeys"); !cmp.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q", got)
	}
	c.Set("empty")
	if got, present := c.Get("EMPTY"); !present || len(got) != 0 {
		t.Errorf("empty: %q %v", got, present)
	}
	clone := c.Clone()
	clone.Set("aws:TagKeys", "c")
	clone.Delete("Empty")
	if got, _ := c.Get("aws:TagKeys"); len(got) != 2 {
		t.Error("a clone shares its keys")
	}
	if _, present := clone.Get("empty"); present {
		t.Error("deleted key is present")
	}
}

func TestContextSetPrincipal(t *testing.T) {
	t.Parallel()
	const account = "123456789012"
	keys := []string{"aws:PrincipalType", "aws:PrincipalAccount", "aws:PrincipalArn", "aws:userid", "aws:username",
		"aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:FederatedProvider"}
	for _, tc := range []struct {
		who  Principal
		want map[string]string
	}{
		{Principal{Type: Anonymous}, map[string]string{"aws:PrincipalType": "Anonymous", "aws:PrincipalIsAWSService": "false"}},
		{Principal{Type: Root, ARN: "arn:aws:iam::123456789012:root", Account: account, ID: account}, map[string]string{
			"aws:PrincipalType": "Account", "aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account,
			"aws:PrincipalArn": "arn:aws:iam::123456789012:root", "aws:userid": account}},
		{Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/dev/ada", Account: account, ID: "AIDAX"}, map[string]string{
			"aws:PrincipalType": "User", "aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account,
			"aws:PrincipalArn": "arn:aws:iam::123456789012:user/dev/ada", "aws:userid": "AIDAX", "aws:username": "ada"}},
		{Principal{Type: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/R/s", RoleARN: "arn:aws:iam::123456789012:role/a/R", Account: account, ID: "AROAX:s"}, map[string]string{
			"aws:PrincipalType": "AssumedRole", "aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account,
			"aws:PrincipalArn": "arn:aws:iam::123456789012:role/a/R", "aws:userid": "AROAX:s"}},
		{Principal{Type: FederatedUser, ARN: "arn:aws:sts::123456789012:federated-user/f", Account: account, ID: "123456789012:f"}, map[string]string{
			"aws:PrincipalType": "FederatedUser", "aws:PrincipalIsAWSService": "false", "aws:PrincipalAccount": account,
			"aws:PrincipalArn": "arn:aws:sts::123456789012:federated-user/f", "aws:userid": "123456789012:f"}},
		{Principal{Type: WebIdentity, Federated: "accounts.google.com"}, map[string]string{
			"aws:PrincipalType": "Anonymous", "aws:PrincipalIsAWSService": "false", "aws:FederatedProvider": "accounts.google.com"}},
		{Principal{Type: Service, Service: "cognito-idp.amazonaws.com"}, map[string]string{
			"aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": "cognito-idp.amazonaws.com"}},
	} {
		t.Run(tc.who.Type.String(), func(t *testing.T) {
			t.Parallel()
			var c Context
			for _, key := range principalKeys {
				c.Set(key, "stale")
			}
			c.SetPrincipal(tc.who)
			got := map[string]string{}
			for _, key := range keys {
				if v, present := c.Get(key); present {
					got[key] = strings.Join(v, ",")
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestResolveReplacesPrincipals(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, Trust, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",
		"Principal":{"AWS":["arn:aws:iam::123456789012:user/ada","999999999999"]}}}`)
	ids := map[string]string{"arn:aws:iam::123456789012:user/ada": "AIDAADAADAADAADAADAA"}
	lookup := func(arn string) (string, bool) { id, ok := ids[arn]; return id, ok }
	resolved, err := doc.Resolve(lookup)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(d *Document, id string) bool {
		ada := Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012", ID: id}
		return Evaluate(Policies{Resource: []Named{{"trust", d}}, Trust: true},
			Request{Principal: ada, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/R"}).Allowed
	}
	if !ask(resolved, "AIDAADAADAADAADAADAA") || ask(resolved, "AIDAREBORNREBORNREBO") {
		t.Error("the id does not decide")
	}
	if !ask(doc, "AIDAREBORNREBORNREBO") {
		t.Error("the original changed")
	}
	delete(ids, "arn:aws:iam::123456789012:user/ada")
	var m *MalformedError
	if _, err := doc.Resolve(lookup); !errors.As(err, &m) || m.Message != `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/ada"` {
		t.Errorf("unknown principal: %v", err)
	}
	identity := mustParse(t, Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
	if _, err := identity.Resolve(lookup); err != nil {
		t.Errorf("without principals: %v", err)
	}
}

// TestMisplacedDocuments: a document grants only in the place it was parsed for.
func TestMisplacedDocuments(t *testing.T) {
	t.Parallel()
	identity := []Named{{"identity", mustParse(t, Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}}
	trust := []Named{{"trust", mustParse(t, Trust, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:*"}}`)}}
	ada := Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012"}
	r := Request{Principal: ada, Action: "sts:AssumeRole", Resource: "arn:aws:iam::123456789012:role/R"}
	for name, p := range map[string]Policies{
		"identity as trust":    {Resource: identity, Trust: true},
		"identity as resource": {Resource: identity},
		"trust as identity":    {Identity: trust},
		"trust as resource":    {Resource: trust},
		"trust as session":     {Identity: identity, Session: trust},
		"trust as boundary":    {Identity: identity, Boundary: trust},
	} {
		if d := Evaluate(p, r); d.Allowed {
			t.Errorf("%s: %s", name, d.Explain())
		}
	}
}

func TestZeroValuesDeny(t *testing.T) {
	t.Parallel()
	for _, p := range []Policies{{}, {Trust: true}, {Resource: []Named{{}}}} {
		d := Evaluate(p, Request{})
		if d.Allowed || d.Message() == "" || d.Explain() == "" {
			t.Errorf("%+v: %q", d, d.Message())
		}
	}
}

func TestParseLimits(t *testing.T) {
	t.Parallel()
	valid := `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`
	if _, err := Parse([]byte(valid+strings.Repeat(" ", MaxDocument-len(valid))), Identity); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	for name, src := range map[string]string{
		"too long":          valid + strings.Repeat(" ", MaxDocument-len(valid)+1),
		"too deep":          strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"not UTF-8":         `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Sid":"` + "\xff" + `"}}`,
		"byte order mark":   "\ufeff" + valid,
		"never closed":      strings.Repeat(`{"Statement":`, 20),
		"many repeated":     `{"Statement":[` + strings.Repeat(`{},`, 10) + `{}]}`,
		"deep in condition": `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a":[[["true"]]]}}}}`,
	} {
		var m *MalformedError
		if _, err := Parse([]byte(src), Identity); !errors.As(err, &m) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMalformedErrorSaysWhere(t *testing.T) {
	t.Parallel()
	_, err := Parse([]byte(`{"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Allow","Acton":"*","Resource":"*"}]}`), Identity)
	if want := `Syntax errors in policy. (statement 2: unknown element "Acton")`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got := (&MalformedError{Message: "m"}).Error(); got != "m" {
		t.Errorf("got %q", got)
	}
}

func TestSizeIgnoresWhiteSpace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, " {\n\t\"a\": \"é b\" }\r\n": 10, "abc": 3} {
		if got := Size(text); got != want {
			t.Errorf("Size(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestDecisionFields(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, Identity, `{"Version":"2012-10-17","Statement":[
		{"Sid":"One","Effect":"Allow","Action":"s3:*","Resource":"*"},
		{"Sid":"Two","Effect":"Deny","Action":"s3:PutObject","Resource":"*"}]}`)
	if doc.Len() != 2 {
		t.Errorf("Len() = %d", doc.Len())
	}
	ada := Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012"}
	p := Policies{Identity: []Named{{"other", mustParse(t, Identity, `{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"*"}}`)}, {"mine", doc}}}
	type outcome struct {
		Allowed, Explicit bool
		By                Source
		Policy, Sid       string
		Statement         int
	}
	for action, want := range map[string]outcome{
		"s3:GetObject":    {true, false, ByIdentity, "mine", "One", 1},
		"s3:PutObject":    {false, true, ByIdentity, "mine", "Two", 2},
		"sqs:SendMessage": {true, false, ByIdentity, "other", "", 1},
		"iam:GetUser":     {false, false, ByIdentity, "", "", 0},
	} {
		d := Evaluate(p, Request{Principal: ada, Action: action, Resource: "*"})
		got := outcome{d.Allowed, d.Explicit, d.By, d.Policy, d.Sid, d.Statement}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", action, diff)
		}
	}
}

// TestLongTextIsCut keeps explanations short whatever a request carries.
func TestLongTextIsCut(t *testing.T) {
	t.Parallel()
	doc := mustParse(t, Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"k":"a"}}}}`)
	r := Request{Principal: Principal{Type: User, ARN: "arn:aws:iam::123456789012:user/ada", Account: "123456789012"}, Action: "s3:GetObject", Resource: "*"}
	var values []string
	for i := range 1000 {
		values = append(values, fmt.Sprint(i)+strings.Repeat("x", 10000))
	}
	r.Context.Set("k", values...)
	got := Evaluate(Policies{Identity: []Named{{"p", doc}}}, r).Explain()
	if len(got) > 2000 || !strings.Contains(got, "and 995 more") {
		t.Errorf("%d bytes: %.300s", len(got), got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`,
		`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Deny","NotAction":["s3:Get?bject*"],"NotResource":["arn:aws:s3:::b/${aws:username, 'x'}/*","arn:aws:sqs:*"],"Condition":{"StringLike":{"k":["${*}a*","${aws:userid}"]},"ForAnyValue:ArnLike":{"k":"arn:*:${a:b}:*"},"Null":{"k":true},"NumericLessThanIfExists":{"n":-1.5},"DateLessThan":{"aws:CurrentTime":"2026-11-21T10:00:00Z"},"NotIpAddress":{"aws:SourceIp":["10.0.0.0/8","::1"]},"BinaryEquals":{"k":"YQ=="}}}]}`,
		`{"Statement":{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"p"}}}}`,
		`{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["123456789012","arn:aws:iam::123456789012:user/ada"],"CanonicalUser":"c"},"Action":"s3:*","Resource":"*"}}`,
		`{"Statement":[]}`, `{"a":{"a":[]}}`, `[`, `"\ud800"`, ``,
	} {
		for kind := Identity; kind <= Resource; kind++ {
			f.Add([]byte(seed), int(kind))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte, k int) {
		kind := Kind(uint(k) % uint(Resource+1))
		d, err := Parse(src, kind)
		if err != nil {
			var m *MalformedError
			if !errors.As(err, &m) || m.Message == "" || d != nil {
				t.Fatalf("refused with %v, %v", d, err)
			}
			return
		}
		exercise(t, d, kind)
	})
}

// exercise asks a document what it says about callers of every kind.
func exercise(t *testing.T, d *Document, kind Kind) {
	p := Policies{Trust: kind == Trust}
	switch kind {
	case Trust, Resource:
		p.Resource = []Named{{"d", d}}
	case Session:
		p.Session = []Named{{"d", d}}
	default:
		p.Identity, p.Boundary = []Named{{"d", d}}, []Named{{"d", d}}
	}
	for kind := Anonymous; kind <= Service; kind++ {
		who := Principal{Type: kind, ARN: "arn:aws:iam::123456789012:user/ada", RoleARN: "arn:aws:iam::123456789012:role/R",
			Account: "123456789012", ID: "AROAX:s", Federated: "cognito-identity.amazonaws.com", Service: "x.amazonaws.com"}
		r := Request{Principal: who, Action: "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:s3:::b/ada/x"}
		r.Context.Set("k", "a", "*")
		r.Context.Set("n", "1")
		r.Context.Set("cognito-identity.amazonaws.com:aud", "p")
		r.Context.SetPrincipal(who)
		decision := Evaluate(p, r)
		if (decision.Message() == "") != decision.Allowed || strings.Contains(decision.Explain(), "\n") {
			t.Errorf("message %q, explanation %q", decision.Message(), decision.Explain())
		}
	}
}
