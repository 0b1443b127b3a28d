package userpool_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// hashed is the SECRET_HASH of a username.
func hashed(secret, username string, app *types.UserPoolClientType) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(username + *app.ClientId))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signUpWith signs somebody up by a client's secret.
func (w *world) signUpWith(app *types.UserPoolClientType, secret, username string) error {
	_, err := w.SignUp(w.t.Context(), &idp.SignUpInput{
		ClientId: app.ClientId, Username: &username, Password: aws.String(password), SecretHash: aws.String(hashed(secret, username, app)),
	})
	return err
}

// secretsOf lists the ids of a client's secrets.
func (w *world) secretsOf(app *types.UserPoolClientType) (list []string) {
	w.t.Helper()
	out, err := w.ListUserPoolClientSecrets(w.t.Context(), &idp.ListUserPoolClientSecretsInput{UserPoolId: app.UserPoolId, ClientId: app.ClientId})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, held := range out.ClientSecrets {
		if held.ClientSecretValue != nil || held.ClientSecretCreateDate == nil || !strings.HasPrefix(*held.ClientSecretId, *app.ClientId+"--") {
			w.t.Errorf("listed %+v", held)
		}
		list = append(list, *held.ClientSecretId)
	}
	return list
}

func (w *world) deleteSecret(app *types.UserPoolClientType, id string) error {
	_, err := w.DeleteUserPoolClientSecret(w.t.Context(), &idp.DeleteUserPoolClientSecretInput{
		UserPoolId: app.UserPoolId, ClientId: app.ClientId, ClientSecretId: &id})
	return err
}

// A client's secret is changed while its apps go on: the new one joins the old one,
// both are good, and the old one goes.
func TestRotateClientSecret(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
		first := *app.ClientSecret
		if n := len(w.secretsOf(app)); n != 1 {
			t.Fatalf("%d secrets of a new client", n)
		}
		added, err := w.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: app.ClientId})
		if err != nil {
			t.Fatal(err)
		}
		second := *added.ClientSecretDescriptor.ClientSecretValue
		ids := w.secretsOf(app)
		if len(ids) != 2 || ids[1] != *added.ClientSecretDescriptor.ClientSecretId || ids[0] == ids[1] || second == first {
			t.Fatalf("listed %v, added %+v", ids, added.ClientSecretDescriptor)
		}
		for username, secret := range map[string]string{"ada": first, "bob": second} {
			if err := w.signUpWith(app, secret, username); err != nil {
				t.Errorf("%s: %v", username, err)
			}
		}
		if shown := w.describedClient(app).ClientSecret; *shown != first {
			t.Error("the secret that apps know is not shown")
		}
		if err := w.deleteSecret(app, ids[0]); err != nil {
			t.Fatal(err)
		}
		wants(t, w.signUpWith(app, first, "eve"), notAuthorized, "Unable to verify secret hash for client "+*app.ClientId)
		if err := w.signUpWith(app, second, "cyd"); err != nil {
			t.Error(err)
		}
		if shown := w.describedClient(app).ClientSecret; *shown != second {
			t.Error("the secret that is left is not shown")
		}
		wants(t, w.deleteSecret(app, ids[1]), invalidParameter, "The last client secret of a user pool client cannot be deleted.")
	})
}

func TestOwnClientSecret(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	const mine, short = "my_own_secret_of_26_letters", "of_twenty_three_letters"
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.ClientSecret = aws.String(mine + "_too") })
	added, err := w.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: app.ClientId, ClientSecret: aws.String(mine)})
	if err != nil {
		t.Fatal(err)
	}
	if added.ClientSecretDescriptor.ClientSecretValue != nil {
		t.Error("the caller's own secret is shown")
	}
	if err := w.signUpWith(app, mine, "ada"); err != nil {
		t.Error(err)
	}
	_, err = w.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: app.ClientId, ClientSecret: aws.String(short)})
	wants(t, err, invalidParameter, "1 validation error detected: Value at 'clientSecret' failed to satisfy constraint: Member must have length greater than or equal to 24")
	_, err = w.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: app.ClientId})
	wants(t, err, "LimitExceededException", "User pool client "+*app.ClientId+" can have at most 2 client secrets.")
	// The secret in clear is good for what takes it so.
	w.confirmAsAdmin(p, "ada")
	tokens, err := w.InitiateAuth(t.Context(), &idp.InitiateAuthInput{AuthFlow: "USER_PASSWORD_AUTH", ClientId: app.ClientId,
		AuthParameters: map[string]string{"USERNAME": "ada", "PASSWORD": password, "SECRET_HASH": hashed(mine, "ada", app)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{mine + "_not", ""} {
		_, err = w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, ClientSecret: &secret, Token: tokens.AuthenticationResult.RefreshToken})
		if err == nil {
			t.Errorf("revoked by the secret %q", secret)
		}
	}
	for _, secret := range []string{mine, mine + "_too"} {
		if _, err = w.RevokeToken(t.Context(), &idp.RevokeTokenInput{ClientId: app.ClientId, ClientSecret: aws.String(secret), Token: tokens.AuthenticationResult.RefreshToken}); err != nil {
			t.Error(err)
		}
	}
}

// confirmAsAdmin confirms somebody without a code.
func (w *world) confirmAsAdmin(pool *types.UserPoolType, username string) {
	w.t.Helper()
	if _, err := w.AdminConfirmSignUp(w.t.Context(), &idp.AdminConfirmSignUpInput{UserPoolId: pool.Id, Username: &username}); err != nil {
		w.t.Fatal(err)
	}
}

func TestClientSecretRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	public, closed := w.app(p), w.app(p, func(in *idp.CreateUserPoolClientInput) { in.GenerateSecret = true })
	if n := len(w.secretsOf(public)); n != 0 {
		t.Errorf("%d secrets of a public client", n)
	}
	_, err := w.AddUserPoolClientSecret(t.Context(), &idp.AddUserPoolClientSecretInput{UserPoolId: p.Id, ClientId: public.ClientId})
	wants(t, err, invalidParameter, "User pool client "+*public.ClientId+" has no client secret.")
	wants(t, w.deleteSecret(closed, "another"), "ResourceNotFoundException", "Client secret another does not exist.")
	_, err = w.ListUserPoolClientSecrets(t.Context(), &idp.ListUserPoolClientSecretsInput{UserPoolId: p.Id, ClientId: aws.String("nobody")})
	wants(t, err, "ResourceNotFoundException", "User pool client nobody does not exist.")
	_, err = w.ListUserPoolClientSecrets(t.Context(), &idp.ListUserPoolClientSecretsInput{UserPoolId: p.Id, ClientId: closed.ClientId, NextToken: aws.String("made-up")})
	wants(t, err, invalidParameter, "Invalid pagination token.")
}
