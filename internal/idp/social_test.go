package idp_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

// secret is the first half of every token here, long enough to be noticed in an error.
const secret = "EAACEdEose0cBA1234567890abcdefghijklmnopqrstuvwxyz"

func TestFacebook(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	f := idptest.NewFacebook(t)
	f.AddApp("1001", "app-secret-0123456789")
	later := noon.Add(time.Hour)
	for name, k := range map[string]idptest.FacebookToken{
		"good":      {AppID: "1001", UserID: "77", Expires: later.Unix()},
		"endless":   {AppID: "1001", UserID: "77"},
		"foreign":   {AppID: "2002", UserID: "77", Expires: later.Unix()},
		"over":      {AppID: "1001", UserID: "77", Expires: noon.Unix()},
		"expired":   {AppID: "1001", UserID: "77", Expired: true},
		"withdrawn": {AppID: "1001", UserID: "77", Withdrawn: true},
		"page":      {AppID: "1001", UserID: "77", Type: "PAGE"},
		"nobody":    {AppID: "1001", Expires: later.Unix()},
		"app":       {AppID: "1001", UserID: "1001"},
	} {
		f.AddToken(secret+name, k)
	}
	v := validator(t, c, func(config *idp.Config) { config.Facebook = f.URL })
	withSecret := idp.FacebookApp{ID: "1001", Secret: "app-secret-0123456789"}
	withoutSecret := idp.FacebookApp{ID: "1001"}
	for _, test := range []struct {
		name  string
		app   idp.FacebookApp
		token string
		want  error
	}{
		{"by the app", withSecret, "good", nil},
		{"by the app, endless", withSecret, "endless", nil},
		{"by the app, another app's", withSecret, "foreign", idp.ErrAudience},
		{"by the app, over by our clock", withSecret, "over", idp.ErrExpired},
		{"by the app, over by Facebook's", withSecret, "expired", idp.ErrExpired},
		{"by the app, taken back", withSecret, "withdrawn", idp.ErrRejected},
		{"by the app, unknown", withSecret, "unknown", idp.ErrRejected},
		{"by the app, no user's", withSecret, "nobody", idp.ErrRejected},
		{"by the app, a page's", withSecret, "page", idp.ErrRejected},
		{"a wrong secret", idp.FacebookApp{ID: "1001", Secret: "wrong-secret-0123456789"}, "good", idp.ErrRejected},
		{"by itself", withoutSecret, "good", nil},
		{"by itself, another app's", withoutSecret, "foreign", idp.ErrAudience},
		{"by itself, over by Facebook's clock", withoutSecret, "expired", idp.ErrExpired},
		{"by itself, taken back", withoutSecret, "withdrawn", idp.ErrRejected},
		{"by itself, unknown", withoutSecret, "unknown", idp.ErrRejected},
		{"by itself, no user's", withoutSecret, "nobody", idp.ErrRejected},
		{"by itself, the app's own", withoutSecret, "app", idp.ErrRejected},
		{"of any app", idp.FacebookApp{Any: true}, "foreign", nil},
		{"of no app", idp.FacebookApp{}, "good", idp.ErrAudience},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := secret + test.token
			got, err := v.Facebook(context.Background(), test.app, token)
			if test.want != nil {
				wants(t, err, test.want, token, test.app.Secret)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			client := "1001"
			if test.token == "foreign" {
				client = "2002"
			}
			want := &idp.Identity{
				Issuer: "graph.facebook.com", Subject: "77", ClientID: client, Audience: []string{client},
				Claims: map[string]any{"iss": "graph.facebook.com", "aud": client, "sub": "77"},
			}
			if test.app.Secret != "" && test.token == "good" {
				want.Expires = later
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, token := range map[string]string{
		"nothing": "", "a line": "a\nb", "a blank": "a b", "a letter": "ä", "too long": strings.Repeat("a", 1<<17),
	} {
		_, err := v.Facebook(context.Background(), withSecret, token)
		if wants(t, err, idp.ErrMalformed); t.Failed() {
			t.Fatal(name)
		}
	}
}

func TestAmazon(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	a := idptest.NewAmazon(t)
	for name, k := range map[string]idptest.AmazonToken{
		"good":    {ClientID: "amzn1.application-oa2-client.1", AppID: "amzn1.application.1", UserID: "amzn1.account.A", SecondsLeft: 3000},
		"foreign": {ClientID: "amzn1.application-oa2-client.2", AppID: "amzn1.application.2", UserID: "amzn1.account.A", SecondsLeft: 3000},
		"over":    {ClientID: "amzn1.application-oa2-client.1", AppID: "amzn1.application.1", UserID: "amzn1.account.A"},
		"nobody":  {ClientID: "amzn1.application-oa2-client.1", AppID: "amzn1.application.1", SecondsLeft: 3000},
		"nothing": {UserID: "amzn1.account.A", SecondsLeft: 3000},
	} {
		a.AddToken("Atza|"+secret+name, k)
	}
	v := validator(t, c, func(config *idp.Config) { config.Amazon = a.URL })
	byClient := idp.Clients{IDs: []string{"amzn1.application-oa2-client.1"}}
	byApp := idp.Clients{IDs: []string{"amzn1.application.1"}}
	for _, test := range []struct {
		name    string
		clients idp.Clients
		token   string
		want    error
		client  string
	}{
		{"by client", byClient, "good", nil, "amzn1.application-oa2-client.1"},
		{"by app", byApp, "good", nil, "amzn1.application.1"},
		{"any", idp.Clients{Any: true}, "foreign", nil, "amzn1.application-oa2-client.2"},
		{"another client", byClient, "foreign", idp.ErrAudience, ""},
		{"another app", byApp, "foreign", idp.ErrAudience, ""},
		{"none", idp.Clients{}, "good", idp.ErrAudience, ""},
		{"an empty one", idp.Clients{IDs: []string{""}}, "nothing", idp.ErrRejected, ""},
		{"over", byClient, "over", idp.ErrExpired, ""},
		{"no user's", byClient, "nobody", idp.ErrRejected, ""},
		{"unknown", byClient, "unknown", idp.ErrRejected, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			token := "Atza|" + secret + test.token
			got, err := v.Amazon(context.Background(), test.clients, token)
			if test.want != nil {
				wants(t, err, test.want, token)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := &idp.Identity{
				Issuer: "www.amazon.com", Subject: "amzn1.account.A", ClientID: test.client, Audience: []string{test.client},
				Expires: noon.Add(3000 * time.Second),
				Claims:  map[string]any{"iss": "www.amazon.com", "aud": test.client, "sub": "amzn1.account.A"},
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	_, err := v.Amazon(context.Background(), byClient, "")
	wants(t, err, idp.ErrMalformed)
}

// A provider that fails is not a token that is bad, and whatever it answers, the token
// does not get into the log.
func TestSocialProvidersMisbehave(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]idptest.Fault{
		"silent": idptest.Silent, "huge": idptest.Huge, "broken": idptest.Broken, "garbage": idptest.Garbage, "elsewhere": idptest.Elsewhere,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, a := idptest.NewFacebook(t), idptest.NewAmazon(t)
			f.Fail(fault)
			a.Fail(fault)
			v := validator(t, clock.Fixed(noon), func(config *idp.Config) {
				config.Facebook, config.Amazon = f.URL, a.URL
				if fault == idptest.Silent {
					config.Fetch.Timeout = 200 * time.Millisecond
				}
			})
			token := "Atza|" + secret + "|good"
			a.AddToken(token, idptest.AmazonToken{ClientID: "c", AppID: "1", UserID: "77", SecondsLeft: 60})
			f.AddApp("1", "app-secret-0123456789")
			f.AddToken(token, idptest.FacebookToken{AppID: "1", UserID: "77"})
			_, err := v.Amazon(context.Background(), idp.Clients{Any: true}, token)
			wants(t, err, idp.ErrUnreachable, token, secret)
			for _, app := range []idp.FacebookApp{{ID: "1", Secret: "app-secret-0123456789"}, {ID: "1"}} {
				_, err = v.Facebook(context.Background(), app, token)
				wants(t, err, idp.ErrUnreachable, token, secret, app.Secret)
			}
		})
	}
}
