package userpool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func (w *world) setsPassword(pool *types.UserPoolType, username, password string, permanent bool) error {
	_, err := w.AdminSetUserPassword(w.t.Context(), &idp.AdminSetUserPasswordInput{UserPoolId: pool.Id, Username: &username, Password: &password, Permanent: permanent})
	return err
}

func (w *world) status(pool *types.UserPoolType, username string) types.UserStatusType {
	w.t.Helper()
	u, err := w.AdminGetUser(w.t.Context(), &idp.AdminGetUserInput{UserPoolId: pool.Id, Username: &username})
	if err != nil {
		w.t.Fatal(err)
	}
	return u.UserStatus
}

// A temporary password lets nobody in before it is replaced.
func TestTemporaryPassword(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		pool := w.pool()
		app := w.app(pool)
		w.signUp(app, "ada", "email", "ada@example.org")
		wants(t, w.setsPassword(pool, "eve", otherPassword, true), "UserNotFoundException", "User does not exist.")
		wants(t, w.setsPassword(pool, "ada", "short", true), "InvalidPasswordException", "Password did not conform with policy: Password not long enough")
		if err := w.setsPassword(pool, "ada", otherPassword, false); err != nil || w.status(pool, "ada") != "FORCE_CHANGE_PASSWORD" {
			t.Fatalf("%v, status %s", err, w.status(pool, "ada"))
		}
		asked, err := w.byPassword(app, "ada", otherPassword)
		if err != nil || asked.ChallengeName != "NEW_PASSWORD_REQUIRED" || asked.AuthenticationResult != nil {
			t.Fatalf("%+v, %v", asked, err)
		}
		if p := asked.ChallengeParameters; p["requiredAttributes"] != "[]" || p["userAttributes"] != `{"email":"ada@example.org","email_verified":"false"}` || p["USER_ID_FOR_SRP"] != "ada" {
			t.Errorf("parameters %v", p)
		}
		_, err = w.forgot(app, "ada")
		wants(t, err, notAuthorized, "User password cannot be reset in the current state.")
		_, err = w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "ada", "NEW_PASSWORD", password, "userAttributes.email", "eve@example.org")
		wants(t, err, notAuthorized, "Cannot modify an already provided email")
		in, err := w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "ada", "NEW_PASSWORD", password, "userAttributes.name", "Ada")
		if err != nil || in.AuthenticationResult == nil || w.status(pool, "ada") != "CONFIRMED" {
			t.Fatalf("%+v, %v", in, err)
		}
		if claims, _ := w.claimsOf(pool.Id, in.AuthenticationResult.IdToken); claims["name"] != "Ada" {
			t.Errorf("claims %v", claims)
		}
		w.start() // another node does not take the answer again
		_, err = w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "ada", "NEW_PASSWORD", "Yet-An0ther!")
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")

		// Another temporary password ends the sign-ins that began with the last one.
		if err := w.setsPassword(pool, "ada", "Temporary-1!", false); err != nil {
			t.Fatal(err)
		}
		if asked, err = w.byPassword(app, "ada", "Temporary-1!"); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
		if err := w.setsPassword(pool, "ada", otherPassword, false); err != nil {
			t.Fatal(err)
		}
		_, err = w.respond(app, "NEW_PASSWORD_REQUIRED", asked.Session, "USERNAME", "ada", "NEW_PASSWORD", password)
		wants(t, err, notAuthorized, "Invalid session for the user, session can only be used once.")
		w.clock.Advance(7*24*time.Hour + time.Second)
		_, err = w.byPassword(app, "ada", otherPassword)
		wants(t, err, notAuthorized, "Temporary password has expired and must be reset by an administrator.")
		w.Client = w.clientIn(region) // which has not learnt the room's time
		if err := w.setsPassword(pool, "ada", password, true); err != nil {
			t.Fatal(err)
		}
		w.signIn(app, "ada")
	})
}

func TestAdminResetPassword(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	app := w.app(pool)
	w.member(app, "ada")
	reset := func(username string) error {
		_, err := w.AdminResetUserPassword(t.Context(), &idp.AdminResetUserPasswordInput{UserPoolId: pool.Id, Username: aws.String(username)})
		return err
	}
	wants(t, reset("eve"), "UserNotFoundException", "User does not exist.")
	if err := reset("ada"); err != nil || w.status(pool, "ada") != "RESET_REQUIRED" {
		t.Fatalf("%v, status %s", err, w.status(pool, "ada"))
	}
	_, err := w.byPassword(app, "ada", password)
	wants(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	_, err = w.bySRP(app, "ada", password)
	wants(t, err, "PasswordResetRequiredException", "Password reset required for the user")
	_, err = w.byPassword(app, "ada", otherPassword)
	wants(t, err, notAuthorized, "Incorrect username or password.")
	if err := w.resets(app, "ada", w.codeTo("ada@example.org"), otherPassword); err != nil || w.status(pool, "ada") != "CONFIRMED" {
		t.Fatalf("%v, status %s", err, w.status(pool, "ada"))
	}
	w.signUp(app, "bob")
	wants(t, reset("bob"), invalidParameter, "Cannot reset password for the user as there is no registered/verified email or phone_number")
}

// An administrator's password lets in whoever could not come in before.
func TestSetPasswordFromAnyStatus(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool := w.pool()
	app := w.app(pool)
	w.signUp(app, "unconfirmed", "email", "unconfirmed@example.org")
	w.mustCreate(pool, "invited", quietly, "email", "invited@example.org")
	w.member(app, "reset")
	if _, err := w.AdminResetUserPassword(t.Context(), &idp.AdminResetUserPasswordInput{UserPoolId: pool.Id, Username: aws.String("reset")}); err != nil {
		t.Fatal(err)
	}
	w.member(app, "barred")
	if err := w.disable(pool, identifier("Cognito", subject, "barred")); err != nil {
		t.Fatal(err)
	}
	_, err := w.forgot(app, "barred")
	wants(t, err, notAuthorized, "User password cannot be reset in the current state.")
	w.member(app, "locked")
	for range 5 {
		w.byPassword(app, "locked", "Wrong-1!x")
	}
	for _, name := range []string{"unconfirmed", "invited", "reset", "barred", "locked"} {
		t.Run(name, func(t *testing.T) {
			if in, err := w.byPassword(app, name, password); err == nil {
				t.Fatalf("before: %+v", in)
			}
			if err := w.setsPassword(pool, name, otherPassword, true); err != nil || w.status(pool, name) != "CONFIRMED" {
				t.Fatalf("%v, status %s", err, w.status(pool, name))
			}
			if _, err := w.bySRP(app, name, otherPassword); err != nil {
				t.Error(err)
			}
		})
	}
	if got := values(w.adminGet(pool, "unconfirmed").UserAttributes)["email_verified"]; got != "false" {
		t.Errorf("a password made email_verified %q", got)
	}
}

func TestAdminResetPasswordRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	pool, closed := w.pool(), w.pool(recovery("admin_only"))
	app := w.app(pool)
	w.member(app, "disabled")
	w.enable(pool, "disabled", false)
	w.mustCreate(pool, "invited", quietly, "email", "invited@example.org", "email_verified", "true")
	w.signUp(app, "unverified", "email", "unverified@example.org")
	w.member(w.app(closed), "ada")
	for _, test := range []struct {
		pool                    *types.UserPoolType
		username, code, message string
		status                  types.UserStatusType
	}{
		{pool, "disabled", notAuthorized, "User is disabled.", "CONFIRMED"},
		{pool, "invited", notAuthorized, "User password cannot be reset in the current state.", "FORCE_CHANGE_PASSWORD"},
		{pool, "unverified", invalidParameter, noRecovery, "UNCONFIRMED"},
		{closed, "ada", invalidParameter, noRecovery, "CONFIRMED"},
	} {
		t.Run(test.username, func(t *testing.T) {
			_, err := w.AdminResetUserPassword(t.Context(), &idp.AdminResetUserPasswordInput{UserPoolId: test.pool.Id, Username: &test.username})
			wants(t, err, test.code, test.message)
			if got := w.status(test.pool, test.username); got != test.status {
				t.Errorf("status %s", got)
			}
		})
	}
}
