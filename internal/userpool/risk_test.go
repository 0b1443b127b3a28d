package userpool

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/userpool/breached"
	"pintail/internal/wire"
)

const leakedPassword = "Password1!"

// guardedRoom is a room whose pool has threat protection, in a mode, and knows one
// password from a breach.
func guardedRoom(t *testing.T, mode cognitoidp.AdvancedSecurityModeType) *room {
	t.Helper()
	path := filepath.Join(t.TempDir(), "breached.txt")
	if err := os.WriteFile(path, []byte(leakedPassword+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := newRoom(t)
	var err error
	if r.breached, err = breached.Open(path); err != nil {
		t.Fatal(err)
	}
	r.setMode(t, mode)
	return r
}

func (r *room) setMode(t *testing.T, mode cognitoidp.AdvancedSecurityModeType) {
	t.Helper()
	ctx := context.Background()
	err := r.db.Update(ctx, func(tx store.Tx) error {
		_, err := pools.Modify(tx, r.account, r.pool.Id, func(p *poolRecord) error {
			p.Settings.UserPoolAddOns = &cognitoidp.UserPoolAddOnsType{AdvancedSecurityMode: mode}
			return nil
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pools.Forget(r.pool.Id)
	if r.pool, err = r.Service.pool(ctx, r.pool.Id); err != nil {
		t.Fatal(err)
	}
}

// configure sets the risk configuration of a client, or with "" the pool's.
func (r *room) configure(t *testing.T, clientID string, leaked *cognitoidp.CompromisedCredentialsRiskConfigurationType, exceptions *cognitoidp.RiskExceptionConfigurationType) {
	t.Helper()
	_, err := r.setRiskConfiguration(context.Background(), operation{cognitoidp.SetRiskConfiguration.Operation}.call(), &cognitoidp.SetRiskConfigurationRequest{
		UserPoolId: r.pool.Id, ClientId: clientID, CompromisedCredentialsRiskConfiguration: leaked, RiskExceptionConfiguration: exceptions,
	})
	if err != nil {
		t.Fatal(err)
	}
}

func on(action cognitoidp.CompromisedCredentialsEventActionType, events ...cognitoidp.EventFilterType) *cognitoidp.CompromisedCredentialsRiskConfigurationType {
	return &cognitoidp.CompromisedCredentialsRiskConfigurationType{
		EventFilter: events, Actions: &cognitoidp.CompromisedCredentialsActionsType{EventAction: action},
	}
}

const (
	blocks  = cognitoidp.CompromisedCredentialsEventActionTypeBlock
	ignores = cognitoidp.CompromisedCredentialsEventActionTypeNoAction
	signsIn = cognitoidp.EventFilterTypeSignIn
	signsUp = cognitoidp.EventFilterTypeSignUp
)

func TestCompromised(t *testing.T) {
	t.Parallel()
	r := guardedRoom(t, cognitoidp.AdvancedSecurityModeTypeEnforced)
	check := func(about string, event cognitoidp.EventFilterType, password string, detected, blocked bool) {
		t.Helper()
		gotDetected, gotBlocked, err := r.compromised(context.Background(), r.pool, r.client.ClientId, event, password)
		if err != nil || gotDetected != detected || gotBlocked != blocked {
			t.Errorf("%s: detected %v, blocked %v, %v; want %v, %v", about, gotDetected, gotBlocked, err, detected, blocked)
		}
	}
	check("nothing configured", signsIn, leakedPassword, false, false)
	r.configure(t, "", on(blocks), nil)
	check("all events", signsIn, leakedPassword, true, true)
	check("all events", signsUp, leakedPassword, true, true)
	check("another password", signsIn, adaPassword, false, false)
	r.configure(t, "", on(blocks, signsUp), nil)
	check("an event that is not listed", signsIn, leakedPassword, false, false)
	check("an event that is listed", signsUp, leakedPassword, true, true)
	r.configure(t, r.client.ClientId, on(ignores, signsIn), nil)
	check("no action", signsIn, leakedPassword, true, false)
	check("the pool's list does not hold for a client of its own mind", signsUp, leakedPassword, false, false)
	r.configure(t, r.client.ClientId, nil, nil)
	check("the pool's again", signsUp, leakedPassword, true, true)
	r.setMode(t, cognitoidp.AdvancedSecurityModeTypeAudit)
	check("audit", signsUp, leakedPassword, true, false)
	r.setMode(t, cognitoidp.AdvancedSecurityModeTypeOff)
	check("off", signsUp, leakedPassword, false, false)
	r.setMode(t, cognitoidp.AdvancedSecurityModeTypeEnforced)
	r.breached = nil
	check("no list", signsUp, leakedPassword, false, false)
}

func TestRiskOfSource(t *testing.T) {
	t.Parallel()
	r := guardedRoom(t, cognitoidp.AdvancedSecurityModeTypeEnforced)
	r.configure(t, "", nil, &cognitoidp.RiskExceptionConfigurationType{
		BlockedIPRangeList: []string{"192.0.2.77/24", "2001:db8::/32"}, SkippedIPRangeList: []string{"192.0.2.1/32", "203.0.113.0/24"},
	})
	check := func(address string, want sourceRisk) {
		t.Helper()
		if got, err := r.riskOfSource(context.Background(), r.pool, r.client.ClientId, address); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", address, got, err, want)
		}
	}
	check("192.0.2.1", sourceBlocked) // in both lists
	check("::ffff:192.0.2.255", sourceBlocked)
	check("2001:db8:1::1", sourceBlocked)
	check("2001:db8:1::1%eth0", sourceBlocked)
	check("203.0.113.9", sourceSkipped)
	check("198.51.100.1", sourceUnlisted)
	check("", sourceUnlisted)
	check("somewhere", sourceUnlisted)
	r.setMode(t, cognitoidp.AdvancedSecurityModeTypeAudit)
	check("2001:db8:1::1", sourceUnlisted)
	check("203.0.113.9", sourceSkipped)
	r.setMode(t, cognitoidp.AdvancedSecurityModeTypeOff)
	check("203.0.113.9", sourceUnlisted)
}

// What threat protection refuses with, the operations that ask it must declare.
func TestRiskRefusals(t *testing.T) {
	t.Parallel()
	for _, op := range []*model.Operation{cognitoidp.SignUp.Operation, cognitoidp.ConfirmForgotPassword.Operation, cognitoidp.ChangePassword.Operation} {
		refused(t, op, errCompromised())
		refused(t, op, errBlockedSource())
	}
	for _, op := range []*model.Operation{cognitoidp.InitiateAuth.Operation, cognitoidp.AdminInitiateAuth.Operation, cognitoidp.RespondToAuthChallenge.Operation} {
		refused(t, op, errCompromisedSignIn())
		refused(t, op, errBlockedSource())
	}
}

func TestSource(t *testing.T) {
	t.Parallel()
	c := &wire.Call{SourceIP: "192.0.2.1", UserAgent: "browser"}
	app := func(secret string, propagates bool) *client {
		cl := &client{UserPoolClientType: &cognitoidp.UserPoolClientType{EnablePropagateAdditionalUserContextData: &propagates}}
		if secret != "" {
			cl.secrets = []string{secret}
		}
		return cl
	}
	named := &cognitoidp.UserContextDataType{IpAddress: "203.0.113.9"}
	for name, test := range map[string]struct{ got, want source }{
		"nothing named":      {sourceOf(c, app("s", true), nil), source{"192.0.2.1", "browser"}},
		"named":              {sourceOf(c, app("s", true), named), source{"203.0.113.9", "browser"}},
		"not allowed":        {sourceOf(c, app("s", false), named), source{"192.0.2.1", "browser"}},
		"no secret":          {sourceOf(c, app("", true), named), source{"192.0.2.1", "browser"}},
		"no address":         {sourceOf(c, app("s", true), &cognitoidp.UserContextDataType{IpAddress: "x"}), source{"192.0.2.1", "browser"}},
		"the administrator":  {adminSourceOf(c, nil), source{"192.0.2.1", "browser"}},
		"an administrator's": {adminSourceOf(c, &cognitoidp.ContextDataType{IpAddress: "203.0.113.9"}), source{"203.0.113.9", ""}},
		"with headers": {adminSourceOf(c, &cognitoidp.ContextDataType{IpAddress: "203.0.113.9", HttpHeaders: []cognitoidp.HttpHeader{
			{HeaderName: "Accept", HeaderValue: "*/*"}, {HeaderName: "user-agent", HeaderValue: "phone"}}}), source{"203.0.113.9", "phone"}},
	} {
		if test.got != test.want {
			t.Errorf("%s: %+v, want %+v", name, test.got, test.want)
		}
	}
}

func TestDeviceName(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:126.0) Gecko/20100101 Firefox/126.0", "Firefox 126, Linux"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.68", "Edge 126, Windows 10"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15", "Safari 17, Mac OS X"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome 126, iOS"},
		{"Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36", "Chrome 126, Android"},
		{"aws-cli/2.9.19 md/awscrt#0.23.8", "aws-cli 2.9.19"},
		{"", ""},
		{"a\x00b\xff\u202e/1", "ab 1"},
		{"Firefox/", "Firefox"},
	} {
		if got := deviceName(test[0]); got != test[1] {
			t.Errorf("%q is %q, want %q", test[0], got, test[1])
		}
	}
	if got := deviceName(strings.Repeat("ä", 60_000)); len(got) > maxDeviceName || !utf8.ValidString(got) || got == "" {
		t.Errorf("a long header leaves %q", got)
	}
}
