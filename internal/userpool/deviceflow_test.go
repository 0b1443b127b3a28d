package userpool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"pintail/internal/userpool/srp"
)

// fromDevice begins a sign-in of ada's that says which device it comes from.
func (w *world) fromDevice(app *types.UserPoolClientType, key string) (*idp.InitiateAuthOutput, error) {
	return w.InitiateAuth(w.t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password, "DEVICE_KEY": key}})
}

// deviceAnswer takes a device's sign-in to its second step and answers it.
func (w *world) deviceAnswer(app *types.UserPoolClientType, session *string, m *machine, secret string) (*idp.RespondToAuthChallengeOutput, error) {
	w.t.Helper()
	session, claim := w.deviceClaim(app, session, m, secret)
	return w.respond(app, "DEVICE_PASSWORD_VERIFIER", session, claim...)
}

// deviceClaim takes a device's sign-in to its second step and returns the session and
// the answer to it.
func (w *world) deviceClaim(app *types.UserPoolClientType, session *string, m *machine, secret string) (next *string, claim []string) {
	w.t.Helper()
	client := srp.NewClient(m.group, secret)
	asked, err := w.respond(app, "DEVICE_SRP_AUTH", session, "USERNAME", "ada", "DEVICE_KEY", m.key, "SRP_A", client.PublicHex())
	if err != nil {
		w.t.Fatal(err)
	}
	p := asked.ChallengeParameters
	if asked.ChallengeName != "DEVICE_PASSWORD_VERIFIER" || p["DEVICE_KEY"] != m.key {
		w.t.Fatalf("asked for %s with %v", asked.ChallengeName, p)
	}
	timestamp, signature, err := client.Answer(srp.Challenge{UserID: m.key, Salt: p["SALT"], SRPB: p["SRP_B"], SecretBlock: p["SECRET_BLOCK"]}, w.clock.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	return asked.Session, []string{"USERNAME", "ada", "DEVICE_KEY", m.key,
		"PASSWORD_CLAIM_SECRET_BLOCK", p["SECRET_BLOCK"], "TIMESTAMP", timestamp, "PASSWORD_CLAIM_SIGNATURE", signature}
}

// A device that a sign-in offered and the user confirmed stands for the second factor
// from then on.
func TestDeviceInPlaceOfAFactor(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool(withDevices(false))
		app := w.app(pool)
		w.member(app, "ada", "phone_number", "+4915112345678")
		first := w.signIn(app, "ada")
		m := w.machine(first)
		if w.confirmDevice(first, m, "Ada's laptop") {
			t.Error("the user was to be asked whether the device is remembered")
		}
		w.setMFA(pool, func(in *idp.SetUserPoolMfaConfigInput) {
			in.SmsMfaConfiguration = &types.SmsMfaConfigType{SmsConfiguration: smsRole}
		})

		asked, err := w.fromDevice(app, m.key)
		if err != nil || asked.ChallengeName != "DEVICE_SRP_AUTH" {
			t.Fatalf("%+v, %v", asked, err)
		}
		in, err := w.deviceAnswer(app, asked.Session, m, m.secret)
		if err != nil || in.AuthenticationResult == nil {
			t.Fatalf("%+v, %v", in, err)
		}
		if in.AuthenticationResult.NewDeviceMetadata != nil {
			t.Error("a known device was offered to become known")
		}
		claims, _ := w.claimsOf(pool.Id, in.AuthenticationResult.AccessToken)
		if claims["device_key"] != m.key {
			t.Errorf("device_key is %v", claims["device_key"])
		}

		asked, err = w.fromDevice(app, m.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.deviceAnswer(app, asked.Session, m, "not the secret")
		wants(t, err, notAuthorized, "Incorrect username or password.")
		_, err = w.fromDevice(app, "us-east-1_01234567-89ab-cdef-0123-456789abcdef")
		wants(t, err, "ResourceNotFoundException", "Device does not exist.")
		without, err := w.byPassword(app, "ada", password)
		if err != nil || without.ChallengeName != "SMS_MFA" {
			t.Errorf("without the device: %+v, %v", without, err)
		}

		// What the device was given works from the device only.
		refresh := func(key string) error {
			parameters := map[string]string{"REFRESH_TOKEN": *in.AuthenticationResult.RefreshToken}
			if key != "" {
				parameters["DEVICE_KEY"] = key
			}
			_, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "REFRESH_TOKEN_AUTH", ClientId: app.ClientId, AuthParameters: parameters})
			return err
		}
		wants(t, refresh(""), notAuthorized, "Invalid Refresh Token")
		if err := refresh(m.key); err != nil {
			t.Error(err)
		}
		if _, err := w.ForgetDevice(t.Context(), &idp.ForgetDeviceInput{AccessToken: in.AuthenticationResult.AccessToken, DeviceKey: aws.String(m.key)}); err != nil {
			t.Fatal(err)
		}
		_, err = w.fromDevice(app, m.key)
		wants(t, err, "ResourceNotFoundException", "Device does not exist.")
	})
}

// A client that still has the keys of a forgotten device is told so, and tries the same
// answer without them, as Amplify does.
func TestForgottenDevice(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		w.functions(riddles())
		custom := w.riddlePool(true, withDevices(false))
		app := w.app(&types.UserPoolType{Id: custom.UserPoolId})
		w.member(app, "ada")
		const gone = "us-east-1_01234567-89ab-cdef-0123-456789abcdef"

		client := srpClient(app, password)
		asked, err := w.challenge(app, "ada", client)
		if err != nil {
			t.Fatal(err)
		}
		answer := w.answer(app, client, asked.ChallengeParameters)
		answer.ChallengeResponses["DEVICE_KEY"] = gone
		_, err = w.RespondToAuthChallenge(t.Context(), answer)
		wants(t, err, "ResourceNotFoundException", "Device does not exist.")
		delete(answer.ChallengeResponses, "DEVICE_KEY")
		in, err := w.RespondToAuthChallenge(t.Context(), answer)
		if err != nil || in.AuthenticationResult == nil || in.AuthenticationResult.NewDeviceMetadata == nil {
			t.Fatalf("%+v, %v", in, err)
		}

		for name, comes := range map[string]bool{"ada": true, "eve": false} { // there is no eve
			riddle, err := w.custom(custom, map[string]string{"USERNAME": name})
			if err != nil {
				t.Fatal(err)
			}
			_, err = w.respond(custom, "CUSTOM_CHALLENGE", riddle.Session, "USERNAME", name, "ANSWER", "42", "DEVICE_KEY", gone)
			wants(t, err, "ResourceNotFoundException", "Device does not exist.")
			in, err := w.respond(custom, "CUSTOM_CHALLENGE", riddle.Session, "USERNAME", name, "ANSWER", "42")
			if comes != (err == nil) {
				t.Errorf("%s: %+v, %v", name, in, err)
			}
			// The first request named it too.
			riddle, err = w.custom(custom, map[string]string{"USERNAME": name, "DEVICE_KEY": gone})
			if err != nil {
				t.Fatal(err)
			}
			in, err = w.respond(custom, "CUSTOM_CHALLENGE", riddle.Session, "USERNAME", name, "ANSWER", "42")
			if comes != (err == nil) {
				t.Errorf("%s: %+v, %v", name, in, err)
			}
		}
	})
}

// What a device has shown in one sign-in is of no use in another.
func TestDeviceClaimIsOfItsSignIn(t *testing.T) {
	t.Parallel()
	w := boot(t)
	app := w.app(w.pool(withDevices(false)))
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	m := w.machine(tokens)
	w.confirmDevice(tokens, m, "")
	begin := func() (*string, []string) {
		t.Helper()
		asked, err := w.fromDevice(app, m.key)
		if err != nil {
			t.Fatal(err)
		}
		return w.deviceClaim(app, asked.Session, m, m.secret)
	}
	first, overheard := begin()
	if in, err := w.respond(app, "DEVICE_PASSWORD_VERIFIER", first, overheard...); err != nil || in.AuthenticationResult == nil {
		t.Fatalf("%+v, %v", in, err)
	}
	second, _ := begin()
	_, err := w.respond(app, "DEVICE_PASSWORD_VERIFIER", second, overheard...)
	wants(t, err, notAuthorized, "Incorrect username or password.")
}

// Clients may say which device they are in the first request only.
func TestDeviceNamedAtTheBeginning(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.functions(riddles())
	app := w.riddlePool(false, withDevices(false))
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	m := w.machine(tokens)
	w.confirmDevice(tokens, m, "")

	client := srpClient(app, password)
	asked, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_SRP_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada", "SRP_A": client.PublicHex(), "DEVICE_KEY": m.key}})
	if err != nil {
		t.Fatal(err)
	}
	next, err := w.RespondToAuthChallenge(t.Context(), w.answer(app, client, asked.ChallengeParameters))
	if err != nil || next.ChallengeName != "DEVICE_SRP_AUTH" {
		t.Fatalf("by SRP: %+v, %v", next, err)
	}
	asked, err = w.custom(app, map[string]string{"USERNAME": "ada", "DEVICE_KEY": m.key})
	if err != nil {
		t.Fatal(err)
	}
	next, err = w.respond(app, "CUSTOM_CHALLENGE", asked.Session, "USERNAME", "ada", "ANSWER", "42")
	if err != nil || next.ChallengeName != "DEVICE_SRP_AUTH" {
		t.Fatalf("by the pool's own challenge: %+v, %v", next, err)
	}
	if in, err := w.deviceAnswer(app, next.Session, m, m.secret); err != nil || in.AuthenticationResult == nil {
		t.Errorf("%+v, %v", in, err)
	}
}

// A key that no device can have is one of no device.
func TestDeviceKeyThatCannotBe(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		app := w.app(w.pool(withDevices(false)))
		w.member(app, "ada")
		w.member(app, "bob")
		bobs := w.signIn(app, "bob")
		m := w.machine(bobs)
		w.confirmDevice(bobs, m, "")
		for _, key := range []string{"x", " ", "\x00", strings.Repeat("k", 1<<17), m.key, m.key + strings.Repeat("k", 100)} {
			_, err := w.fromDevice(app, key)
			wants(t, err, notFound, noDevice)
		}
	})
}

// Only the access token tells the device.
func TestDeviceInTokens(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool(withDevices(false))
	app := w.app(pool)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	access, _ := w.claimsOf(pool.Id, tokens.AccessToken)
	id, _ := w.claimsOf(pool.Id, tokens.IdToken)
	if access["device_key"] != *tokens.NewDeviceMetadata.DeviceKey {
		t.Errorf("access token of %v", access["device_key"])
	}
	if key, ok := id["device_key"]; ok {
		t.Errorf("ID token of %v", key)
	}
}
