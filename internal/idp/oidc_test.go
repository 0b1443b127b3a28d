package idp_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

func TestOIDCAlgorithms(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	algorithms := []string{"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}
	p := idptest.NewOIDC(t, c, algorithms...)
	v := validator(t, c)
	for i, alg := range algorithms {
		claims := p.Claims("app", "anna")
		maps.Copy(claims, map[string]any{"amr": []string{"pwd", "otp"}, "big": json.Number("9007199254740993"), "email": "anna@example.com"})
		got := accept(t, v, p, p.SignBy(i, claims, nil))
		want := &idp.Identity{
			Issuer: p.Issuer(), Subject: "anna", ClientID: "app", Audience: []string{"app"},
			Expires: noon.Add(time.Hour), AMR: []string{"pwd", "otp"},
			Claims: map[string]any{
				"iss": p.Issuer(), "sub": "anna", "aud": "app", "email": "anna@example.com",
				"iat": json.Number("1795262400"), "exp": json.Number("1795266000"),
				"amr": []any{"pwd", "otp"}, "big": json.Number("9007199254740993"),
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", alg, diff)
		}
	}
}

func TestOIDCClaims(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for _, test := range []struct {
		name   string
		change map[string]any // nil takes the claim away
		want   error          // nil: accepted
		client string
	}{
		{"as it is", nil, nil, "app"},
		{"no subject", map[string]any{"sub": nil}, idp.ErrMalformed, ""},
		{"an empty subject", map[string]any{"sub": ""}, idp.ErrMalformed, ""},
		{"a subject that is a number", map[string]any{"sub": 7}, idp.ErrMalformed, ""},
		{"a long subject", map[string]any{"sub": strings.Repeat("a", 256)}, idp.ErrMalformed, ""},
		{"the longest subject", map[string]any{"sub": strings.Repeat("a", 255)}, nil, "app"},

		{"no end", map[string]any{"exp": nil}, idp.ErrMalformed, ""},
		{"an end in words", map[string]any{"exp": "1795266000"}, idp.ErrMalformed, ""},
		{"an end between seconds", map[string]any{"exp": 1795266000.5}, idp.ErrMalformed, ""},
		{"an end in exponents", map[string]any{"exp": json.Number("1.795266e9")}, idp.ErrMalformed, ""},
		{"an end beyond all years", map[string]any{"exp": json.Number("99999999999999999999")}, idp.ErrMalformed, ""},
		{"an end before time", map[string]any{"exp": -1}, idp.ErrMalformed, ""},
		{"expired now", map[string]any{"exp": at(0)}, idp.ErrExpired, ""},
		{"expires in a second", map[string]any{"exp": at(time.Second)}, nil, "app"},
		{"expired long ago", map[string]any{"iat": at(-2 * time.Hour), "exp": at(-time.Hour)}, idp.ErrExpired, ""},
		{"expires before it is issued", map[string]any{"iat": at(2 * time.Minute), "exp": at(time.Minute)}, idp.ErrMalformed, ""},

		{"not said when issued", map[string]any{"iat": nil}, idp.ErrMalformed, ""},
		{"issued by a clock that runs ahead", map[string]any{"iat": at(5 * time.Minute)}, nil, "app"},
		{"issued in the future", map[string]any{"iat": at(5*time.Minute + time.Second)}, idp.ErrNotYetValid, ""},
		{"valid by a clock that runs ahead", map[string]any{"nbf": at(5 * time.Minute)}, nil, "app"},
		{"valid in the future", map[string]any{"nbf": at(5*time.Minute + time.Second)}, idp.ErrNotYetValid, ""},
		{"valid from null", map[string]any{"nbf": json.RawMessage("null")}, idp.ErrMalformed, ""},

		{"no audience", map[string]any{"aud": nil}, idp.ErrMalformed, ""},
		{"an empty audience", map[string]any{"aud": ""}, idp.ErrMalformed, ""},
		{"an audience of nobody", map[string]any{"aud": []string{}}, idp.ErrMalformed, ""},
		{"an audience with a number", map[string]any{"aud": []any{"app", 1}}, idp.ErrMalformed, ""},
		{"an audience that is an object", map[string]any{"aud": map[string]any{"app": "app"}}, idp.ErrMalformed, ""},
		{"a huge audience", map[string]any{"aud": strings.Split(strings.Repeat("app,", 101), ",")}, idp.ErrMalformed, ""},
		{"another audience", map[string]any{"aud": "stranger"}, idp.ErrAudience, ""},
		{"an audience in capitals", map[string]any{"aud": "APP"}, idp.ErrAudience, ""},
		{"an audience that begins alike", map[string]any{"aud": "app2"}, idp.ErrAudience, ""},
		{"an array of one", map[string]any{"aud": []string{"app"}}, nil, "app"},
		{"an array of one stranger", map[string]any{"aud": []string{"stranger"}}, idp.ErrAudience, ""},
		{"two audiences and no party", map[string]any{"aud": []string{"app", "stranger"}}, idp.ErrAudience, ""},
		{"two audiences of ours and no party", map[string]any{"aud": []string{"app", "other"}}, idp.ErrAudience, ""},
		{"two audiences and a party", map[string]any{"aud": []string{"stranger", "app"}, "azp": "app"}, nil, "app"},
		{"a party that is the client", map[string]any{"aud": "server", "azp": "other"}, nil, "other"},
		{"a party that is a stranger", map[string]any{"aud": "app", "azp": "stranger"}, idp.ErrAudience, ""},
		{"an empty party", map[string]any{"aud": "app", "azp": ""}, idp.ErrMalformed, ""},

		{"methods that are one text", map[string]any{"amr": "pwd"}, nil, "app"},
		{"no methods", map[string]any{"amr": []string{}}, nil, "app"},
		{"methods that are no text", map[string]any{"amr": []any{1}}, idp.ErrMalformed, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims := p.Claims("app", "anna")
			maps.Copy(claims, test.change)
			for name, value := range test.change {
				if value == nil {
					delete(claims, name)
				}
			}
			token := p.Sign(claims, nil)
			if test.want != nil {
				refuses(t, v, p, token, test.want)
				return
			}
			if got := accept(t, v, p, token); got.ClientID != test.client {
				t.Errorf("client is %q", got.ClientID)
			}
		})
	}
}

func TestOIDCExpiryIsTold(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	token := p.Token("app", "anna")
	c.Advance(time.Hour)
	_, err := v.OIDC(context.Background(), provider(p), token)
	var refusal *idp.Error
	if !errors.As(err, &refusal) || !errors.Is(err, idp.ErrExpired) || !refusal.Expired.Equal(noon.Add(time.Hour)) {
		t.Errorf("error is %v", err)
	}
}

func TestOIDCClients(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	token := p.Token("whoever", "anna")
	_, err := v.OIDC(context.Background(), idp.OIDCProvider{Issuer: p.Issuer()}, token)
	wants(t, err, idp.ErrAudience, token)
	_, err = v.OIDC(context.Background(), idp.OIDCProvider{Issuer: p.Issuer(), Clients: idp.Clients{IDs: []string{"*"}}}, token)
	wants(t, err, idp.ErrAudience, token)
	got, err := v.OIDC(context.Background(), idp.OIDCProvider{Issuer: p.Issuer(), Clients: idp.Clients{Any: true}}, token)
	if err != nil || got.ClientID != "whoever" {
		t.Errorf("any client: %v, %v", got, err)
	}
}

// Issuers that look like the trusted one are other issuers.
func TestOIDCIssuerLookAlikes(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "ES256")
	v := validator(t, c)
	host := strings.TrimPrefix(p.Issuer(), "http://")
	for _, issuer := range []string{
		p.Issuer() + "/", p.Issuer() + "//", p.Issuer() + "/.", p.Issuer() + "?", p.Issuer() + "#", " " + p.Issuer(), p.Issuer() + "\x00",
		strings.ToUpper(p.Issuer()), "HTTP://" + host, "https://" + host, "//" + host, host,
		"http://user@" + host, "http://user:" + "@" + host, "http://evil.example@" + host, p.Issuer() + ".evil.example",
		strings.Replace(p.Issuer(), "127.0.0.1", "127.0.0.1.", 1), strings.Replace(p.Issuer(), "127.0.0.1", "127.1", 1),
		strings.Replace(p.Issuer(), "127.0.0.1", "１27.0.0.1", 1), strings.Replace(p.Issuer(), "127.0.0.1", "127\u30020\u30020\u30021", 1),
		strings.Replace(p.Issuer(), "1", "\u200b1", 1), "https://accounts.google.com",
	} {
		claims := p.Claims("app", "anna")
		claims["iss"] = issuer
		refuses(t, v, p, p.Sign(claims, nil), idp.ErrForeignIssuer)
	}
	if asked := p.AskedAtAll(); asked != 0 {
		t.Errorf("the issuer was asked %d times about tokens of others", asked)
	}
	if _, err := v.OIDC(context.Background(), provider(p), p.Token("app", "anna")); err != nil {
		t.Error(err)
	}
}

func TestCheckIssuer(t *testing.T) {
	t.Parallel()
	for issuer, good := range map[string]bool{
		"https://idp.example.com": true, "https://idp.example.com/": true, "https://idp.example.com:8443/realms/a": true,
		"http://127.0.0.1:1": true,
		"":                   false, "idp.example.com": false, "https://": false, "https:///path": false, "ftp://idp.example.com": false,
		"https:idp.example.com": false, "https://u@idp.example.com": false, "https://u:p@idp.example.com": false,
		"https://idp.example.com?": false, "https://idp.example.com?a=b": false, "https://idp.example.com#": false,
		"https://idp.example.com#a": false, "https://:443": false, "https://idp.example.com/%zz": false, "https://a b": false,
		"https://idp.example.com/" + strings.Repeat("a", 255): false,
	} {
		err := idp.CheckIssuer(issuer)
		if good && err != nil {
			t.Errorf("%q: %v", issuer, err)
		}
		if !good {
			wants(t, err, idp.ErrMalformed)
		}
	}
}

func TestUnverifiedIssuer(t *testing.T) {
	t.Parallel()
	p := idptest.NewOIDC(t, nil, "ES256")
	if issuer, err := idp.UnverifiedIssuer(p.Token("app", "anna")); err != nil || issuer != p.Issuer() {
		t.Errorf("issuer is %q: %v", issuer, err)
	}
	_, err := idp.UnverifiedIssuer("Atza|abc")
	wants(t, err, idp.ErrMalformed)
}

func TestGoogle(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "RS256", "ES256")
	v := validator(t, c, func(config *idp.Config) { config.Google = p.Issuer() })
	ours := idp.Clients{IDs: []string{"android", "web"}}
	bare := strings.TrimPrefix(p.Issuer(), "http://")
	for _, test := range []struct {
		name   string
		change map[string]any
		want   error
		client string
	}{
		{"with the scheme", map[string]any{"aud": "web"}, nil, "web"},
		{"without the scheme", map[string]any{"aud": "web", "iss": bare}, nil, "web"},
		{"a party beside an audience", map[string]any{"aud": "server", "azp": "android"}, nil, "android"},
		{"another's party", map[string]any{"aud": "web", "azp": "stranger"}, idp.ErrAudience, ""},
		{"another issuer", map[string]any{"aud": "web", "iss": "https://accounts.google.com"}, idp.ErrForeignIssuer, ""},
		{"the host in capitals", map[string]any{"aud": "web", "iss": strings.ToUpper(bare) + "X"}, idp.ErrForeignIssuer, ""},
	} {
		claims := p.Claims("", "anna")
		maps.Copy(claims, test.change)
		token := p.Sign(claims, nil)
		got, err := v.Google(context.Background(), ours, token)
		if test.want != nil {
			wants(t, err, test.want, token)
		} else if err != nil || got.ClientID != test.client || got.Subject != "anna" || got.Issuer != claims["iss"] {
			t.Errorf("%s: %+v, %v", test.name, got, err)
		}
	}
	token := p.SignBy(1, p.Claims("web", "anna"), nil)
	_, err := v.Google(context.Background(), ours, token)
	wants(t, err, idp.ErrSignature, token)
}

func TestApple(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewOIDC(t, c, "RS256", "ES256", "RS512")
	v := validator(t, c, func(config *idp.Config) { config.Apple = p.Issuer() + "/" })
	ours := idp.Clients{IDs: []string{"com.example.app"}}
	for n, want := range []error{nil, nil, idp.ErrSignature} {
		token := p.SignBy(n, p.Claims("com.example.app", "anna"), nil)
		got, err := v.Apple(context.Background(), ours, token)
		if want != nil {
			wants(t, err, want, token)
		} else if err != nil || got.Subject != "anna" {
			t.Errorf("key %d: %+v, %v", n, got, err)
		}
	}
	claims := p.Claims("com.example.app", "anna")
	claims["iss"] = strings.TrimPrefix(p.Issuer(), "http://")
	_, err := v.Apple(context.Background(), ours, p.Sign(claims, nil))
	wants(t, err, idp.ErrForeignIssuer)
}
