package userpool

import (
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"regexp"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/wire"
)

// A pool may mail links in place of codes to those who sign up: whoever follows one is
// confirmed by it (Cognito developer guide, "Customizing email verification messages").

// linkMark is where the link stands in a text, and its words.
var linkMark = regexp.MustCompile(`\{##(.*?)##\}`)

// confirmPath is the page of a domain to which the links lead.
const confirmPath = "/confirmUser"

// confirmsByLink tells whether the mails of an occasion hold a link.
func (p *pool) confirmsByLink(why occasion) bool {
	return (why == onSignUp || why == onResend) && orEmpty(p.VerificationMessageTemplate).DefaultEmailOption == cognitoidp.DefaultEmailOptionTypeConfirmWithLink
}

// fillLink puts the link that confirms a user into the text of a mail.
func (s *Service) fillLink(p *pool, clientID, username, code, text string) string {
	to := s.pagesURL(p) + confirmPath + "?" + url.Values{"client_id": {clientID}, "user_name": {username}, "confirmation_code": {code}}.Encode()
	return linkMark.ReplaceAllStringFunc(text, func(mark string) string {
		words := linkMark.FindStringSubmatch(mark)[1] // HTML like the text around it
		return `<a href="` + template.HTMLEscapeString(to) + `">` + words + `</a>`
	})
}

// pagesURL is the URL under which people reach the pool's pages: its custom domain, or else
// this server's own.
func (s *Service) pagesURL(p *pool) string {
	if p.CustomDomain != "" {
		return "https://" + p.CustomDomain
	}
	return s.baseURL()
}

//go:embed confirmlink.html
var confirmationText string

var confirmationPage = template.Must(template.New("confirmation").Parse(confirmationText))

// serveConfirmation confirms the user whose link is followed and says so.
func (s *Service) serveConfirmation(w http.ResponseWriter, r *http.Request, c *wire.Call) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer") // the address holds the code
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	refusal, status := "", http.StatusOK
	if err := s.confirmByLink(r, c); err != nil {
		refusal, status = "This cannot be done now. Please try again later.", http.StatusInternalServerError
		if told, ok := errors.AsType[*model.Error](err); ok {
			refusal, status = told.Message, http.StatusBadRequest
		}
	}
	w.WriteHeader(status)
	_ = confirmationPage.Execute(w, refusal) // a reader who went away is nobody's fault
}

// confirmByLink is ConfirmSignUp with what stands in a link. Its code shows as much as the
// client's secret would.
func (s *Service) confirmByLink(r *http.Request, c *wire.Call) error {
	if r.Method != http.MethodGet { // HEAD, by which links are looked at and not followed
		return nil
	}
	query := r.URL.Query()
	in := &cognitoidp.ConfirmSignUpRequest{
		ClientId: query.Get("client_id"), Username: query.Get("user_name"), ConfirmationCode: query.Get("confirmation_code"),
	}
	var checks model.Checks
	if in.Validate(&checks); checks.Err() != "" {
		return errBrokenLink()
	}
	cl, p, err := s.client(r.Context(), in.ClientId)
	if isAbsent(err) {
		return errBrokenLink()
	}
	if err == nil {
		_, err = s.confirmByCode(r.Context(), c, cl, p, in)
	}
	return err
}

func errBrokenLink() error {
	return cognitoidp.InvalidParameterException.New("This link is not complete. Please copy all of it from the message.")
}
