package identitypool

import "strings"

// The amr claim says how the bearer was authenticated: after "authenticated" two texts for
// each login, the provider and what is called the method here, which names the person.

const unauthenticated, authenticated = "unauthenticated", "authenticated"

// methods is the amr claim.
func methods(proofs []proof) []string {
	if len(proofs) == 0 {
		return []string{unauthenticated}
	}
	amr := []string{authenticated}
	for _, p := range proofs {
		amr = append(amr, p.Provider, p.method)
	}
	return amr
}

func userPoolMethod(l login) string { return l.Provider + ":CognitoSignIn:" + l.Subject }

func developerMethod(poolID string, l login) string {
	return l.Provider + ":" + poolID + ":" + l.Subject
}

func socialMethod(app string, l login) string { return l.Provider + ":" + app + ":" + l.Subject }

func openIDMethod(arn string, l login) string { return arn + ":OIDC:" + l.Subject }

func samlMethod(l login) string { return l.Provider + ":SAML:" + l.Subject }

// shownBy tells whether a method names this login. The app and the ARN, which a login does
// not keep, have to be right in a token of ours.
func (l login) shownBy(poolID, method string) bool {
	switch l.Kind {
	case developerLogin:
		return method == developerMethod(poolID, l)
	case samlLogin:
		return method == samlMethod(l)
	case socialLogin:
		app, _, _ := strings.Cut(strings.TrimPrefix(method, l.Provider+":"), ":")
		return method == socialMethod(app, l)
	case openIDLogin:
		arn, _, _ := strings.Cut(method, ":OIDC:")
		return method == openIDMethod(arn, l)
	}
	return method == userPoolMethod(l)
}
