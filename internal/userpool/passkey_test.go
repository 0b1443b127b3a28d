package userpool_test

import (
	"crypto"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	idpdocument "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/document"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"pintail/internal/userpool/passkey"
	"pintail/internal/userpool/passkey/passkeytest"
)

// The page of the app. The room is on this machine, whose name is the relying party.
const page = "http://localhost:5173"

func withPasskeys(in *idp.CreateUserPoolInput) {
	in.Policies = &types.UserPoolPolicyType{SignInPolicy: &types.SignInPolicyType{
		AllowedFirstAuthFactors: []types.AuthFactorType{"PASSWORD", "WEB_AUTHN"},
	}}
}

// startPasskey asks for creation options, as JSON.
func (w *world) startPasskey(token *string) ([]byte, error) {
	w.t.Helper()
	out, err := w.StartWebAuthnRegistration(w.t.Context(), &idp.StartWebAuthnRegistrationInput{AccessToken: token})
	if err != nil {
		return nil, err
	}
	options, err := out.CredentialCreationOptions.MarshalSmithyDocument()
	if err != nil {
		w.t.Fatal(err)
	}
	return options, nil
}

// completePasskey sends a RegistrationResponseJSON.
func (w *world) completePasskey(token *string, answer []byte) error {
	w.t.Helper()
	var credential any
	if err := json.Unmarshal(answer, &credential); err != nil {
		w.t.Fatal(err)
	}
	_, err := w.CompleteWebAuthnRegistration(w.t.Context(), &idp.CompleteWebAuthnRegistrationInput{
		AccessToken: token, Credential: idpdocument.NewLazyDocument(credential),
	})
	return err
}

// addPasskey registers a passkey.
func (w *world) addPasskey(token *string, key crypto.Signer, lies ...passkeytest.Lie) *passkeytest.Passkey {
	w.t.Helper()
	options, err := w.startPasskey(token)
	if err != nil {
		w.t.Fatal(err)
	}
	held, answer := passkeytest.Create(w.t, options, page, key, lies...)
	if err := w.completePasskey(token, answer); err != nil {
		w.t.Fatal(err)
	}
	return held
}

func (w *world) passkeysOf(token *string) []types.WebAuthnCredentialDescription {
	w.t.Helper()
	out, err := w.ListWebAuthnCredentials(w.t.Context(), &idp.ListWebAuthnCredentialsInput{AccessToken: token})
	if err != nil {
		w.t.Fatal(err)
	}
	if out.NextToken != nil {
		w.t.Errorf("a page of at most twenty has a next one")
	}
	return out.Credentials
}

func (w *world) deletePasskey(token *string, id string) error {
	_, err := w.DeleteWebAuthnCredential(w.t.Context(), &idp.DeleteWebAuthnCredentialInput{AccessToken: token, CredentialId: &id})
	return err
}

func TestPasskeyRegistration(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(withPasskeys))
		w.member(app, "ada")
		token := w.signIn(app, "ada").AccessToken

		options, err := w.startPasskey(token)
		if err != nil {
			t.Fatal(err)
		}
		w.checkOptions(options, token, "ada", nil)
		phone, answer := passkeytest.Create(t, options, page, passkeytest.NewES256(t), func(c *passkeytest.Ceremony) {
			copy(c.AAGUID[:], "\xea\x9b\x8d\x66\x4d\x01\x1d\x21\x3c\xe4\xb6\xb4\x8c\xb5\x75\xd4")
			c.Transports = []string{"hybrid", "internal"}
		})
		before := w.clock.Now()
		if err := w.completePasskey(token, answer); err != nil {
			t.Fatal(err)
		}
		stick := w.addPasskey(token, passkeytest.NewRS256(t, 2048), func(c *passkeytest.Ceremony) {
			c.Attachment, c.Transports = "cross-platform", nil
			passkeytest.Packed(t)(c)
		})

		list := w.passkeysOf(token)
		if len(list) != 2 {
			t.Fatalf("%d passkeys", len(list))
		}
		for i, want := range []types.WebAuthnCredentialDescription{
			{CredentialId: aws.String(passkey.Encode(phone.ID)), FriendlyCredentialName: aws.String("Google Password Manager"),
				AuthenticatorAttachment: aws.String("platform"), AuthenticatorTransports: []string{"hybrid", "internal"}},
			{CredentialId: aws.String(passkey.Encode(stick.ID)), FriendlyCredentialName: aws.String("Roaming passkey"),
				AuthenticatorAttachment: aws.String("cross-platform"), AuthenticatorTransports: []string{}},
		} {
			got := list[i]
			if got.CreatedAt.Before(before) || got.CreatedAt.After(w.clock.Now()) {
				t.Errorf("made at %s", got.CreatedAt)
			}
			want.RelyingPartyId, want.CreatedAt = aws.String("localhost"), got.CreatedAt
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(got)); diff != "" {
				t.Error(diff)
			}
		}
		options, err = w.startPasskey(token)
		if err != nil {
			t.Fatal(err)
		}
		w.checkOptions(options, token, "ada", []string{passkey.Encode(phone.ID), passkey.Encode(stick.ID)})

		if err := w.deletePasskey(token, passkey.Encode(phone.ID)); err != nil {
			t.Fatal(err)
		}
		wants(t, w.deletePasskey(token, passkey.Encode(phone.ID)), "ResourceNotFoundException", "The passkey does not exist.")
		if list := w.passkeysOf(token); len(list) != 1 || *list[0].CredentialId != passkey.Encode(stick.ID) {
			t.Errorf("left %v", list)
		}
	})
}

// checkOptions holds creation options against AWS's (Cognito API reference,
// StartWebAuthnRegistration), but for the challenge.
func (w *world) checkOptions(options []byte, token *string, username string, exclude []string) {
	w.t.Helper()
	who, err := w.GetUser(w.t.Context(), &idp.GetUserInput{AccessToken: token})
	if err != nil {
		w.t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(options, &got); err != nil {
		w.t.Fatal(err)
	}
	challenge, _ := got["challenge"].(string)
	if random, err := passkey.Decode(challenge); err != nil || len(random) < 16 {
		w.t.Errorf("challenge %q", challenge)
	}
	delete(got, "challenge")
	excluded := []any{}
	for _, id := range exclude {
		excluded = append(excluded, map[string]any{"id": id, "type": "public-key"})
	}
	want := map[string]any{
		"rp":   map[string]any{"id": "localhost", "name": "localhost"},
		"user": map[string]any{"id": passkey.Encode([]byte(values(who.UserAttributes)["sub"])), "name": username, "displayName": username},
		"pubKeyCredParams": []any{
			map[string]any{"alg": -7., "type": "public-key"}, map[string]any{"alg": -257., "type": "public-key"},
		},
		"timeout": 60000., "excludeCredentials": excluded,
		"authenticatorSelection": map[string]any{"requireResidentKey": true, "residentKey": "required", "userVerification": "preferred"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Error(diff)
	}
}

func TestPasskeyRegistrationRefused(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(withPasskeys))
	w.member(app, "ada")
	token := w.signIn(app, "ada").AccessToken
	key := passkeytest.NewES256(t)
	const (
		noChallenge = "The challenge of the registration was not found or has expired."
		unsupported = "WebAuthnCredentialNotSupportedException"
		notThisKind = "The passkey credential is not supported."
	)
	tests := []struct {
		name          string
		lie           passkeytest.Lie
		code, message string
	}{
		{"another origin", func(c *passkeytest.Ceremony) { c.Origin = "https://evil.example" },
			"WebAuthnOriginNotAllowedException", "The origin of the passkey credential is not allowed for the relying party."},
		{"another relying party", func(c *passkeytest.Ceremony) { c.RPID = "evil.example" },
			"WebAuthnRelyingPartyMismatchException", "The passkey credential belongs to another relying party."},
		{"another challenge", func(c *passkeytest.Ceremony) { c.Challenge = passkey.Encode(passkey.NewChallenge()) },
			"WebAuthnChallengeNotFoundException", noChallenge},
		{"another algorithm", func(c *passkeytest.Ceremony) { c.Public.(map[int]any)[3] = -36 }, unsupported, notThisKind},
		{"another attestation", func(c *passkeytest.Ceremony) { c.Format = "fido-u2f" }, unsupported, notThisKind},
		{"a sign-in", func(c *passkeytest.Ceremony) { c.Type = "webauthn.get" }, invalidParameter, "Invalid passkey credential."},
		{"no key", func(c *passkeytest.Ceremony) { c.Public = nil }, unsupported, notThisKind},
		{"a large document", func(c *passkeytest.Ceremony) { c.Transports = []string{strings.Repeat("x", 100<<10)} },
			invalidParameter, "Invalid passkey credential."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options, err := w.startPasskey(token)
			if err != nil {
				t.Fatal(err)
			}
			_, answer := passkeytest.Create(t, options, page, key, test.lie)
			wants(t, w.completePasskey(token, answer), test.code, test.message)
		})
	}
	options, err := w.startPasskey(token)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := passkeytest.Create(t, options, page, key)
	broken := regexp.MustCompile(`"attestationObject":"[^"]*"`).ReplaceAllString(string(answer), `"attestationObject":"_w"`) // no CBOR
	for _, document := range []string{broken, `{}`, `[]`, `"text"`, `1`, `{"id": {"id": []}}`} {
		wants(t, w.completePasskey(token, []byte(document)), invalidParameter, "Invalid passkey credential.")
	}
	if list := w.passkeysOf(token); len(list) != 0 {
		t.Errorf("passkeys came of refusals: %v", list)
	}
}

// A challenge serves one registration, of the user and the client that it was made
// for, for a while.
func TestPasskeyChallenge(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withPasskeys)
	app, other := w.app(p), w.app(p)
	w.member(app, "ada")
	w.member(app, "bob")
	ada, bob := w.signIn(app, "ada").AccessToken, w.signIn(app, "bob").AccessToken
	key := passkeytest.NewES256(t)
	noChallenge := func(err error) {
		t.Helper()
		wants(t, err, "WebAuthnChallengeNotFoundException", "The challenge of the registration was not found or has expired.")
	}
	start := func() []byte {
		t.Helper()
		options, err := w.startPasskey(ada)
		if err != nil {
			t.Fatal(err)
		}
		_, answer := passkeytest.Create(t, options, page, key)
		return answer
	}

	_, never := passkeytest.Create(t, []byte(`{"challenge": "AAAA", "rp": {"id": "localhost"}}`), page, key)
	noChallenge(w.completePasskey(ada, never))
	answer := start()
	noChallenge(w.completePasskey(bob, answer))
	wants(t, w.completePasskey(w.signIn(other, "ada").AccessToken, answer),
		"WebAuthnClientMismatchException", "The registration was started by another app client.")
	if err := w.completePasskey(ada, answer); err != nil {
		t.Fatal(err)
	}
	noChallenge(w.completePasskey(ada, answer))

	replaced := start()
	latest := start()
	noChallenge(w.completePasskey(ada, replaced))
	w.clock.Advance(5*time.Minute - time.Second)
	if err := w.completePasskey(ada, latest); err != nil {
		t.Fatal(err)
	}
	late := start()
	w.clock.Advance(5 * time.Minute)
	noChallenge(w.completePasskey(ada, late))
	if n := len(w.passkeysOf(ada)); n != 2 {
		t.Errorf("%d passkeys", n)
	}
}

// Another process goes on with a registration, and two at once are one.
func TestPasskeyOnAnyNode(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(withPasskeys))
		w.member(app, "ada")
		token := w.signIn(app, "ada").AccessToken
		options, err := w.startPasskey(token)
		if err != nil {
			t.Fatal(err)
		}
		_, answer := passkeytest.Create(t, options, page, passkeytest.NewES256(t))
		w.start()
		errs := make([]error, 4)
		together(len(errs), func(i int) { errs[i] = w.completePasskey(token, answer) })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			}
		}
		if won != 1 || len(w.passkeysOf(token)) != 1 {
			t.Errorf("%d of %v succeeded", won, errs)
		}
	})
}

// A passkey belongs to one user of a pool.
func TestPasskeyOfAnother(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(withPasskeys))
	w.member(app, "ada")
	w.member(app, "bob")
	ada, bob := w.signIn(app, "ada").AccessToken, w.signIn(app, "bob").AccessToken
	held := w.addPasskey(ada, passkeytest.NewES256(t))
	options, err := w.startPasskey(bob)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := passkeytest.Create(t, options, page, held.Key, func(c *passkeytest.Ceremony) { c.ID = held.ID })
	wants(t, w.completePasskey(bob, answer), invalidParameter, "The passkey is already registered.")
	for _, id := range []string{passkey.Encode(held.ID), passkey.Encode(held.ID) + "=", "!", "AA", strings.Repeat("A", 4096)} {
		wants(t, w.deletePasskey(bob, id), "ResourceNotFoundException", "The passkey does not exist.")
	}
	if len(w.passkeysOf(bob)) != 0 || len(w.passkeysOf(ada)) != 1 {
		t.Error("the passkey changed hands")
	}
	// Of two pools each has passkeys of its own.
	second := w.app(w.pool(withPasskeys))
	w.member(second, "ada")
	if list := w.passkeysOf(w.signIn(second, "ada").AccessToken); len(list) != 0 {
		t.Errorf("passkeys of another pool: %v", list)
	}
}

func TestPasskeyLimitAndPages(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(withPasskeys))
	w.member(app, "ada")
	token := w.signIn(app, "ada").AccessToken
	key := passkeytest.NewES256(t)
	var made []string
	for range 20 {
		made = append(made, passkey.Encode(w.addPasskey(token, key).ID))
	}
	const full = "A user can have at most 20 passkeys."
	_, err := w.startPasskey(token)
	wants(t, err, "LimitExceededException", full)

	var listed []string
	in := &idp.ListWebAuthnCredentialsInput{AccessToken: token, MaxResults: aws.Int32(7)}
	for n := 0; ; n++ {
		out, err := w.ListWebAuthnCredentials(t.Context(), in)
		if err != nil || len(out.Credentials) > 7 || n > 3 {
			t.Fatalf("page %d of %d: %v", n, len(out.Credentials), err)
		}
		for _, c := range out.Credentials {
			listed = append(listed, *c.CredentialId)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if !slices.Equal(listed, made) {
		t.Errorf("listed %v\nmade   %v", listed, made)
	}
	in.NextToken = aws.String("x")
	_, err = w.ListWebAuthnCredentials(t.Context(), in)
	wants(t, err, invalidParameter, "Invalid pagination token.")
	in.MaxResults = aws.Int32(21)
	_, err = w.ListWebAuthnCredentials(t.Context(), in)
	wants(t, err, invalidParameter, "1 validation error detected: Value '21' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 20")

	if err := w.deletePasskey(token, made[3]); err != nil {
		t.Fatal(err)
	}
	w.addPasskey(token, key)
	_, err = w.startPasskey(token)
	wants(t, err, "LimitExceededException", full)
}

func TestPasskeysNotEnabled(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool())
	w.member(app, "ada")
	token := w.signIn(app, "ada").AccessToken
	const message = "Passkeys are not enabled for the user pool."
	_, err := w.startPasskey(token)
	wants(t, err, "WebAuthnNotEnabledException", message)
	wants(t, w.completePasskey(token, []byte(`{}`)), "WebAuthnNotEnabledException", message)
	if list := w.passkeysOf(token); len(list) != 0 {
		t.Error(list)
	}

	// A server that has no name has none to give.
	app = w.app(w.pool(withPasskeys))
	w.member(app, "ada")
	token = w.signIn(app, "ada").AccessToken
	w.url = "http://192.0.2.1:9400"
	_, err = w.startPasskey(token)
	wants(t, err, "WebAuthnConfigurationMissingException", "The user pool has no relying party ID and no domain.")
	w.url = "https://id.example.org"
	options, err := w.startPasskey(token)
	if err != nil {
		t.Fatal(err)
	}
	_, answer := passkeytest.Create(t, options, "https://app.id.example.org", passkeytest.NewES256(t))
	w.url = "https://id.example.com" // the server moved meanwhile
	wants(t, w.completePasskey(token, answer), "WebAuthnOriginNotAllowedException", "The origin of the passkey credential is not allowed for the relying party.")
	w.url = "http://192.0.2.1"
	wants(t, w.completePasskey(token, answer), "WebAuthnRelyingPartyMismatchException", "The passkey credential belongs to another relying party.")
	w.url = "https://id.example.org"
	if err := w.completePasskey(token, answer); err != nil {
		t.Fatal(err)
	}
	if list := w.passkeysOf(token); len(list) != 1 || *list[0].RelyingPartyId != "id.example.org" {
		t.Error(list)
	}
}

// The pool's settings say whom passkeys are for, and whether they verify their user.
func TestPasskeysBySettings(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withPasskeys)
	app := w.app(p)
	w.member(app, "ada")
	token := w.signIn(app, "ada").AccessToken
	for _, settings := range []types.WebAuthnConfigurationType{
		{RelyingPartyId: aws.String("shop.example"), UserVerification: "required"},
		{RelyingPartyId: aws.String("shop.example"), FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION"},
	} {
		w.setMFA(p, func(in *idp.SetUserPoolMfaConfigInput) {
			in.MfaConfiguration, in.WebAuthnConfiguration = "OFF", &settings
		})
		options, err := w.startPasskey(token)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			RP                     struct{ ID string }
			AuthenticatorSelection struct{ UserVerification string }
		}
		if err := json.Unmarshal(options, &got); err != nil || got.RP.ID != "shop.example" || got.AuthenticatorSelection.UserVerification != "required" {
			t.Fatalf("%s %v", options, err)
		}
		key := passkeytest.NewES256(t)
		_, answer := passkeytest.Create(t, options, "http://localhost", key)
		wants(t, w.completePasskey(token, answer), "WebAuthnOriginNotAllowedException", "The origin of the passkey credential is not allowed for the relying party.")
		_, answer = passkeytest.Create(t, options, "https://shop.example", key, func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified })
		wants(t, w.completePasskey(token, answer), "WebAuthnCredentialNotSupportedException", "The passkey credential is not supported.")
		_, answer = passkeytest.Create(t, options, "https://shop.example", key)
		if err := w.completePasskey(token, answer); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range w.passkeysOf(token) {
		if *c.RelyingPartyId != "shop.example" {
			t.Errorf("a passkey for %s", *c.RelyingPartyId)
		}
	}
}

func TestPasskeysNeedAToken(t *testing.T) {
	t.Parallel()
	w := boot(t)
	garbage := aws.String("garbage")
	_, err := w.startPasskey(garbage)
	wants(t, err, notAuthorized, "Invalid Access Token")
	wants(t, w.completePasskey(garbage, []byte(`{}`)), notAuthorized, "Invalid Access Token")
	wants(t, w.deletePasskey(garbage, "AA"), notAuthorized, "Invalid Access Token")
	_, err = w.ListWebAuthnCredentials(t.Context(), &idp.ListWebAuthnCredentialsInput{AccessToken: garbage})
	wants(t, err, notAuthorized, "Invalid Access Token")
}
