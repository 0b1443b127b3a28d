package userpool_test

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// byLink makes a pool mail links, in a text of its own or nil for the usual one.
func byLink(text *string) func(*idp.CreateUserPoolInput) {
	return func(in *idp.CreateUserPoolInput) {
		in.VerificationMessageTemplate = &types.VerificationMessageTemplateType{
			DefaultEmailOption: "CONFIRM_WITH_LINK", EmailMessageByLink: text, EmailMessage: aws.String("Type {####}."),
		}
	}
}

var anchor = regexp.MustCompile(`<a href="([^"]*)">([^<]*)</a>`)

// linkTo returns the link in the newest message to an address, and its words.
func (w *world) linkTo(address string) (link *url.URL, words string) {
	w.t.Helper()
	body := w.messageTo(address).Body
	m := anchor.FindStringSubmatch(body)
	if m == nil {
		w.t.Fatalf("no link in %q", body)
	}
	link, err := url.Parse(html.UnescapeString(m[1]))
	if err != nil {
		w.t.Fatal(err)
	}
	return link, m[2]
}

// follow asks for a page.
func (w *world) follow(method string, link *url.URL) (status int, page string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, link.String(), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// linkWith returns the link with another value of a parameter.
func linkWith(link *url.URL, name, value string) *url.URL {
	changed, query := *link, link.Query()
	query.Set(name, value)
	changed.RawQuery = query.Encode()
	return &changed
}

func TestConfirmWithLink(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(byLink(aws.String("Welcome! Click {##here & now##}.")))
		app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
		name := "ada&eve+1" // which a URL has to escape
		_, err := w.SignUp(t.Context(), &idp.SignUpInput{
			ClientId: app.ClientId, Username: &name, Password: aws.String(password), UserAttributes: attrs("email", "ada@example.org"),
			SecretHash: aws.String(hashed(*app.ClientSecret, name, app)),
		})
		if err != nil {
			t.Fatal(err)
		}
		link, words := w.linkTo("ada@example.org")
		if link.Path != "/confirmUser" || !strings.HasPrefix(link.String(), w.url) || words != "here & now" {
			t.Fatalf("link %s, %q", link, words)
		}
		const mismatch = "Invalid verification code provided, please try again."
		code := link.Query().Get("confirmation_code")
		for _, test := range []struct {
			link   *url.URL
			reason string
		}{
			{linkWith(link, "confirmation_code", wrong(code)), mismatch},
			{linkWith(link, "user_name", "nobody"), "Username/client id combination not found."},
			{linkWith(link, "client_id", "0123456789abcdefghijklmnop"), "This link is not complete."},
			{linkWith(link, "confirmation_code", ""), "This link is not complete."},
			{linkWith(link, "user_name", "<script>"), "combination not found."},
		} {
			if status, page := w.follow("GET", test.link); status != 400 || !strings.Contains(page, test.reason) || strings.Contains(page, "<script>") {
				t.Errorf("%s: %d %s", test.link, status, page)
			}
		}
		if w.follow("HEAD", link); w.status(p, name) != "UNCONFIRMED" {
			t.Error("a look at the link follows it")
		}
		if status, page := w.follow("GET", link); status != 200 || !strings.Contains(page, "Your registration is confirmed") {
			t.Fatalf("%d %s", status, page)
		}
		u, err := w.AdminGetUser(t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: &name})
		if err != nil || u.UserStatus != "CONFIRMED" || values(u.UserAttributes)["email_verified"] != "true" {
			t.Errorf("%+v, %v", u, err)
		}
		if status, page := w.follow("GET", link); status != 400 || !strings.Contains(page, "Current status is CONFIRMED") {
			t.Errorf("once more: %d %s", status, page)
		}
	})
}

// Links are for mails that confirm a sign-up: everything else is a code.
func TestLinksAndCodes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(byLink(nil))
	app := w.app(p)
	w.signUp(app, "ada", "email", "ada@example.org")
	m := w.messageTo("ada@example.org")
	if m.Subject != "Your verification link" || !strings.HasPrefix(m.Body, "Please click the link below to verify your email address. <a ") {
		t.Errorf("%q %q", m.Subject, m.Body)
	}
	if _, err := w.ResendConfirmationCode(t.Context(), &idp.ResendConfirmationCodeInput{ClientId: app.ClientId, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	link, words := w.linkTo("ada@example.org")
	if words != "Verify Email" {
		t.Errorf("link %q", words)
	}
	if status, page := w.follow("GET", link); status != 200 {
		t.Fatalf("%d %s", status, page)
	}
	if _, err := w.forgot(app, "ada"); err != nil {
		t.Fatal(err)
	}
	if m := w.messageTo("ada@example.org"); m.Body != "Type "+m.Code+"." {
		t.Errorf("%q", m.Body)
	}
}

// A CustomMessage function writes its own text around the link, and a custom domain is
// where it leads.
func TestCustomMessageWithLink(t *testing.T) {
	t.Parallel()
	w := boot(t)
	text := "Dear you: {##Click Here##}"
	w.functions(map[string]function{"message": func(e event) string {
		e.respond("emailMessage", text)
		return ""
	}})
	p := w.pool(byLink(aws.String("unused {##x##}")), withTriggers(&types.LambdaConfigType{CustomMessage: arn("message")}))
	w.domain(p, "auth.example.org", custom)
	app := w.app(p)
	w.signUp(app, "ada", "email", "ada@example.org")
	link, words := w.linkTo("ada@example.org")
	if link.Scheme != "https" || link.Host != "auth.example.org" || link.Path != "/confirmUser" || words != "Click Here" {
		t.Errorf("%s %q", link, words)
	}
	text = "no link"
	_, err := w.SignUp(t.Context(), &idp.SignUpInput{
		ClientId: app.ClientId, Username: aws.String("eve"), Password: aws.String(password), UserAttributes: attrs("email", "eve@example.org"),
	})
	wants(t, err, "InvalidLambdaResponseException", "Unrecognizable lambda output")
}
