package policy

import (
	"fmt"
	"strings"
	"testing"
)

// largeRole is a role with fifty statements, the last of which decides.
func largeRole(tb testing.TB) (Policies, Request) {
	var s []string
	for i := range 49 {
		s = append(s, fmt.Sprintf(`{"Effect":"Allow","Action":["mobiletargeting:PutEvents","mobiletargeting:Update*"],
			"Resource":["arn:aws:mobiletargeting:*:123456789012:apps/%032x*","arn:aws:mobiletargeting:us-east-1:123456789012:apps/${aws:PrincipalTag/app}/*"],
			"Condition":{"StringEquals":{"aws:RequestedRegion":"us-east-1"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}`, i))
	}
	s = append(s, `{"Effect":"Allow","Action":"mobiletargeting:*","Resource":"arn:aws:mobiletargeting:*:*:apps/ffff*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}}}`)
	doc := mustParse(tb, Managed, `{"Version":"2012-10-17","Statement":[`+strings.Join(s, ",")+`]}`)
	r := Request{
		Principal: Principal{Type: AssumedRole, ARN: "arn:aws:sts::123456789012:assumed-role/App/s", RoleARN: "arn:aws:iam::123456789012:role/App", Account: "123456789012", ID: "AROAAPPAPPAPPAPPAPPAP:s"},
		Action:    "mobiletargeting:PutEvents",
		Resource:  "arn:aws:mobiletargeting:us-east-1:123456789012:apps/ffffffffffffffffffffffffffffffff/events",
	}
	r.Context.Set("aws:RequestedRegion", "us-east-1")
	r.Context.Set("aws:SourceIp", "203.0.113.7")
	r.Context.Set("aws:CurrentTime", "2026-11-21T10:00:00Z")
	r.Context.Set("aws:PrincipalTag/app", "aaaa")
	r.Context.SetPrincipal(r.Principal)
	return Policies{Identity: []Named{{"arn:aws:iam::123456789012:policy/App", doc}}}, r
}

func BenchmarkEvaluateFiftyStatements(b *testing.B) {
	p, r := largeRole(b)
	if d := Evaluate(p, r); !d.Allowed || d.Statement != 50 {
		b.Fatal(d.Explain())
	}
	b.ReportAllocs()
	for b.Loop() {
		Evaluate(p, r)
	}
}

func BenchmarkParse(b *testing.B) {
	src := []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["mobiletargeting:PutEvents","mobiletargeting:UpdateEndpoint"],"Resource":["arn:aws:mobiletargeting:*:123456789012:apps/0123456789abcdef0123456789abcdef*"]}]}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src, Identity); err != nil {
			b.Fatal(err)
		}
	}
}

// TestEvaluateAllocatesLittle: only folding the action's name costs memory.
func TestEvaluateAllocatesLittle(t *testing.T) {
	p, r := largeRole(t)
	if n := testing.AllocsPerRun(100, func() { Evaluate(p, r) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}
