package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/userpool"
	"pintail/internal/userpool/passkey/passkeytest"
)

const (
	noUser  = "UserNotFoundException"
	absent  = "User does not exist."
	revoked = "Access Token has been revoked"
	over    = "Refresh Token has been revoked"
)

// enable enables or disables a user.
func (w *world) enable(p *types.UserPoolType, username string, enabled bool) {
	w.t.Helper()
	var err error
	if enabled {
		_, err = w.AdminEnableUser(w.t.Context(), &idp.AdminEnableUserInput{UserPoolId: p.Id, Username: &username})
	} else {
		_, err = w.AdminDisableUser(w.t.Context(), &idp.AdminDisableUserInput{UserPoolId: p.Id, Username: &username})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// adminGet returns a user as an administrator sees them.
func (w *world) adminGet(p *types.UserPoolType, username string) *idp.AdminGetUserOutput {
	w.t.Helper()
	out, err := w.AdminGetUser(w.t.Context(), &idp.AdminGetUserInput{UserPoolId: p.Id, Username: &username})
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func TestDisableUser(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		app := w.app(p)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		w.enable(p, "ada", false)
		if w.adminGet(p, "ada").Enabled {
			t.Error("a disabled user is shown as enabled")
		}
		wants(t, w.whoami(tokens), notAuthorized, "User is disabled.")
		_, err := w.byPassword(app, "ada", password)
		wants(t, err, notAuthorized, "User is disabled.")
		_, err = w.refreshed(app, tokens.RefreshToken)
		wants(t, err, notAuthorized, "User is disabled.")
		w.enable(p, "ada", true)
		wants(t, w.whoami(tokens), notAuthorized, revoked)
		_, err = w.refreshed(app, tokens.RefreshToken)
		wants(t, err, notAuthorized, over)
		if err := w.whoami(w.signIn(app, "ada")); err != nil || !w.adminGet(p, "ada").Enabled {
			t.Errorf("enabled again: %v", err)
		}
	})
}

func TestAdminUserGlobalSignOut(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	w.member(app, "ada")
	w.member(app, "bob")
	adas, bobs := w.signIn(app, "ada"), w.signIn(app, "bob")
	if _, err := w.AdminUserGlobalSignOut(t.Context(), &idp.AdminUserGlobalSignOutInput{UserPoolId: p.Id, Username: aws.String("ada")}); err != nil {
		t.Fatal(err)
	}
	wants(t, w.whoami(adas), notAuthorized, revoked)
	_, err := w.refreshed(app, adas.RefreshToken)
	wants(t, err, notAuthorized, over)
	if err := w.whoami(bobs); err != nil {
		t.Error("somebody else:", err)
	}
	if err := w.whoami(w.signIn(app, "ada")); err != nil {
		t.Error("a new sign-in:", err)
	}
}

func TestAdministeringNobody(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, name := w.pool(), aws.String("nobody")
	for operation, call := range map[string]func() error{
		"AdminEnableUser": func() error {
			_, err := w.AdminEnableUser(t.Context(), &idp.AdminEnableUserInput{UserPoolId: p.Id, Username: name})
			return err
		},
		"AdminDisableUser": func() error {
			_, err := w.AdminDisableUser(t.Context(), &idp.AdminDisableUserInput{UserPoolId: p.Id, Username: name})
			return err
		},
		"AdminUserGlobalSignOut": func() error {
			_, err := w.AdminUserGlobalSignOut(t.Context(), &idp.AdminUserGlobalSignOutInput{UserPoolId: p.Id, Username: name})
			return err
		},
		"AdminDeleteUser": func() error {
			_, err := w.AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: p.Id, Username: name})
			return err
		},
	} {
		t.Run(operation, func(t *testing.T) { wants(t, call(), noUser, absent) })
	}
}

// documents counts what every collection holds of a pool.
func (w *world) documents(p *types.UserPoolType) map[string]int {
	w.t.Helper()
	counts, err := userpool.Documents(w.t.Context(), w.service, *p.Id)
	if err != nil {
		w.t.Fatal(err)
	}
	return counts
}

func TestDeleteUser(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(protected, withDevices(false), withPasskeys, func(in *idp.CreateUserPoolInput) {
			in.AliasAttributes = []types.AliasAttributeType{"email"}
		})
		app := w.app(p)
		w.group(p, "poets")
		before := w.documents(p)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		w.join(p, "ada", "poets")
		w.confirmDevice(tokens, w.machine(p, "ada", tokens), "")
		w.addPasskey(tokens.AccessToken, passkeytest.NewES256(t))
		full := w.documents(p)
		for _, kind := range []string{"user", "user_alias", "user_pool_membership", "device", "passkey", "auth_event"} {
			if full[kind] <= before[kind] {
				t.Errorf("nothing to delete in %s: %v", kind, full)
			}
		}
		if _, err := w.AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: p.Id, Username: aws.String("ada@example.org")}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, w.documents(p)); diff != "" {
			t.Error("left of the user:", diff)
		}
		wants(t, w.whoami(tokens), noUser, absent)
		_, err := w.refreshed(app, tokens.RefreshToken)
		wants(t, err, noUser, absent)
		// The same name is somebody else's now.
		w.member(app, "ada")
		if groups := w.groupsOf(p, "ada"); len(groups) != 0 {
			t.Errorf("a new user has the groups %v of an earlier one", groups)
		}
		wants(t, w.whoami(tokens), noUser, absent)
	})
}

func TestDeleteOneself(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	app := w.app(p)
	before := w.documents(p)
	w.member(app, "ada")
	tokens := w.signIn(app, "ada")
	remove := func() error {
		_, err := w.DeleteUser(t.Context(), &idp.DeleteUserInput{AccessToken: tokens.AccessToken})
		return err
	}
	if err := remove(); err != nil {
		t.Fatal(err)
	}
	wants(t, remove(), noUser, absent)
	if diff := cmp.Diff(before, w.documents(p)); diff != "" {
		t.Error("left of the user:", diff)
	}
}
