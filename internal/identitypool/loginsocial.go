package identitypool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/idp"
)

// socialLogins verifies tokens of the public providers that a pool knows by the app's id
// there: ID tokens of Google and Apple, access tokens of Facebook and Login with Amazon.
type socialLogins struct{ *Service }

func (s socialLogins) verify(ctx context.Context, l shown) (proof, error) {
	app, configured := l.pool.SupportedLoginProviders[l.provider]
	if !configured {
		return proof{}, refused(unsupportedProvider)
	}
	who, err := s.ask(ctx, l, app)
	if err != nil {
		return proof{}, judged(l, err)
	}
	shown := login{Provider: l.provider, Subject: who.Subject, Kind: socialLogin}
	return proof{
		login: shown, method: socialMethod(app, shown), mapped: []string{l.provider}, tagged: []string{l.provider}, claims: who.Claims,
	}, nil
}

// ask has the provider's token judged. Twitter and Digits signed people in by a protocol
// that is no more.
func (s socialLogins) ask(ctx context.Context, l shown, app string) (*idp.Identity, error) {
	clients := idp.Clients{IDs: []string{app}}
	switch l.provider {
	case "accounts.google.com":
		return s.providers.Google(ctx, clients, l.token)
	case "appleid.apple.com":
		return s.providers.Apple(ctx, clients, l.token)
	case "graph.facebook.com":
		return s.providers.Facebook(ctx, idp.FacebookApp{ID: app}, l.token)
	case "www.amazon.com":
		return s.providers.Amazon(ctx, clients, l.token)
	}
	return nil, refused(unsupportedProvider)
}

// judged puts a refusal of package idp in the words of identity pools. Whatever is no
// refusal stays as it is.
func judged(l shown, err error) error {
	var why *idp.Error
	if !errors.As(err, &why) {
		return err
	}
	l.Note("login", why.Error())
	switch {
	case errors.Is(err, idp.ErrUnreachable):
		return cognitoidentity.ExternalServiceException.Newf("The provider %s cannot be reached.", l.provider)
	case errors.Is(err, idp.ErrExpired) && !why.Expired.IsZero():
		return refused(tokenExpired, l.Time.Unix(), why.Expired.Unix())
	case errors.Is(err, idp.ErrExpired):
		return refused(tokenOver)
	case errors.Is(err, idp.ErrForeignIssuer):
		return refused(badIssuer)
	case errors.Is(err, idp.ErrAudience):
		return refused(unsupportedProvider)
	case errors.Is(err, idp.ErrMalformed), errors.Is(err, idp.ErrUnsupported):
		return refused(notAToken)
	}
	return refused(badSignature)
}
