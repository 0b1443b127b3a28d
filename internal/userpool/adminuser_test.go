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

// A name is a username, an alias or a sub, in any operation.
func TestNamesOfAUser(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(aliased, protected)
	app := w.app(p)
	w.group(p, "poets")
	w.member(app, "ada")
	w.mustAdminSet(p, "ada", "phone_number", "+4915112345678", "phone_number_verified", "true", "preferred_username", "countess")
	names := []string{"ada", "ada@example.org", "+4915112345678", "countess", values(w.adminGet(p, "ada").UserAttributes)["sub"]}
	for operation, call := range w.administration(p) {
		t.Run(operation, func(t *testing.T) {
			for _, name := range names {
				if err := call(name); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
			wants(t, call("nobody"), noUser, absent)
		})
	}
	_, err := w.AdminDeleteUser(t.Context(), &idp.AdminDeleteUserInput{UserPoolId: p.Id, Username: aws.String("nobody")})
	wants(t, err, noUser, absent)
	for _, name := range names {
		if _, err := w.forgot(app, name); err != nil {
			t.Errorf("ForgotPassword of %s: %v", name, err)
		}
		if err := w.resets(app, name, w.codeTo("+4915112345678"), password); err != nil {
			t.Errorf("ConfirmForgotPassword of %s: %v", name, err)
		}
		w.signIn(app, name)
		if _, err := w.bySRP(app, name, password); err != nil {
			t.Errorf("SRP of %s: %v", name, err)
		}
	}
}

// administration are calls of an administrator about somebody by a name. None changes
// what the others meet.
func (w *world) administration(p *types.UserPoolType) map[string]func(name string) error {
	ctx, id := w.t.Context(), p.Id
	return map[string]func(name string) error{
		"AdminGetUser": func(name string) error {
			_, err := w.AdminGetUser(ctx, &idp.AdminGetUserInput{UserPoolId: id, Username: &name})
			return err
		},
		"AdminDisableUser": func(name string) error {
			if _, err := w.AdminDisableUser(ctx, &idp.AdminDisableUserInput{UserPoolId: id, Username: &name}); err != nil {
				return err
			}
			w.enable(p, "ada", true)
			return nil
		},
		"AdminEnableUser": func(name string) error {
			_, err := w.AdminEnableUser(ctx, &idp.AdminEnableUserInput{UserPoolId: id, Username: &name})
			return err
		},
		"AdminUserGlobalSignOut": func(name string) error {
			_, err := w.AdminUserGlobalSignOut(ctx, &idp.AdminUserGlobalSignOutInput{UserPoolId: id, Username: &name})
			return err
		},
		"AdminUpdateUserAttributes": func(name string) error { return w.adminSet(p, name, "nickname", "a") },
		"AdminDeleteUserAttributes": func(name string) error { return w.adminUnset(p, name, "nickname") },
		"AdminSetUserPassword":      func(name string) error { return w.setsPassword(p, name, password, true) },
		"AdminResetUserPassword": func(name string) error {
			_, err := w.AdminResetUserPassword(ctx, &idp.AdminResetUserPasswordInput{UserPoolId: id, Username: &name})
			return err
		},
		"AdminSetUserMFAPreference": func(name string) error {
			_, err := w.AdminSetUserMFAPreference(ctx, &idp.AdminSetUserMFAPreferenceInput{
				UserPoolId: id, Username: &name, SoftwareTokenMfaSettings: &types.SoftwareTokenMfaSettingsType{},
			})
			return err
		},
		"AdminAddUserToGroup": func(name string) error {
			_, err := w.AdminAddUserToGroup(ctx, &idp.AdminAddUserToGroupInput{UserPoolId: id, Username: &name, GroupName: aws.String("poets")})
			return err
		},
		"AdminListGroupsForUser": func(name string) error {
			_, err := w.AdminListGroupsForUser(ctx, &idp.AdminListGroupsForUserInput{UserPoolId: id, Username: &name})
			return err
		},
		"AdminListUserAuthEvents": func(name string) error {
			_, err := w.AdminListUserAuthEvents(ctx, &idp.AdminListUserAuthEventsInput{UserPoolId: id, Username: &name})
			return err
		},
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
		w.provider(p, "Google", "Google", googleDetails)
		before := w.documents(p)
		w.member(app, "ada")
		tokens := w.signIn(app, "ada")
		w.join(p, "ada", "poets")
		w.confirmDevice(tokens, w.machine(tokens), "")
		w.addPasskey(tokens.AccessToken, passkeytest.NewES256(t))
		for _, subject := range []string{"1", "2"} {
			if err := w.link(p, "ada", identifier("Google", "Cognito_Subject", subject)); err != nil {
				t.Fatal(err)
			}
		}
		full := w.documents(p)
		for _, kind := range []string{"user", "user_alias", "user_pool_membership", "device", "passkey", "auth_event", "user_pool_link"} {
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
		_, err = w.GlobalSignOut(t.Context(), &idp.GlobalSignOutInput{AccessToken: tokens.AccessToken})
		wants(t, err, notAuthorized, revoked) // it declares no UserNotFoundException
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
