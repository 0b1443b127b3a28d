package identitypool_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestDeveloperIdentity(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		id, token := w.vouched("", "ada-1")
		again, _ := w.vouched("", "ada-1")
		if again != id {
			w.t.Errorf("the same user has identities %s and %s", id, again)
		}
		if other, _ := w.vouched("", "bob-1"); other == id {
			w.t.Errorf("two users have the identity %s", id)
		}
		claims := claimsOf(w.t, token["cognito-identity.amazonaws.com"])
		amr, _ := claims["amr"].([]any)
		if len(amr) != 3 || amr[0] != "authenticated" || amr[1] != developer || amr[2] != developer+":"+w.p.IdentityPool+":ada-1" {
			w.t.Errorf("amr %v", amr)
		}
		if lasts := claims["exp"].(float64) - claims["iat"].(float64); lasts != 900 {
			w.t.Errorf("the token lasts %v seconds", lasts)
		}
		got, keys, err := w.enter(id, token)
		must(w.t, err)
		if role := w.role(keys); got != id || role != "shop-authenticated" {
			w.t.Errorf("identity %s as %s", got, role)
		}
		// The back end can ask for longer, and for less.
		long, err := w.root.GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &w.p.IdentityPool, Logins: map[string]string{developer: "ada-1"}, TokenDuration: aws.Int64(86400),
		})
		must(w.t, err)
		claims = claimsOf(w.t, *long.Token)
		if lasts := claims["exp"].(float64) - claims["iat"].(float64); lasts != 86400 {
			w.t.Errorf("the token lasts %v seconds", lasts)
		}
	})
}

func TestDeveloperLinksAnIdentity(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		guest := w.id(nil)
		id, token := w.vouched(guest, "ada-1")
		if id != guest {
			w.t.Errorf("the guest %s became %s", guest, id)
		}
		w.enters(id, token, id)
		w.refused(id, nil, "NotAuthorizedException", "is forbidden")
		other := w.id(nil)
		_, _, err := w.vouch(other, "ada-1")
		wantError(w.t, err, "DeveloperUserAlreadyRegisteredException", "already registered")

		// A public login beside the developer's is linked too, once it is verified.
		ada := w.user(w.p, "ada")
		if got, _ := w.vouched("", "ada-1", ada); got != id {
			w.t.Errorf("identity %s, want %s", got, id)
		}
		w.enters(id, ada, id)
		_, _, err = w.vouch("", "ada-1", map[string]string{awsName(w.p): "a.b.c"})
		wantError(w.t, err, "NotAuthorizedException", "Couldn't verify signed token.")
		// Who has signed in already is found by that, and keeps the identity.
		bob := w.user(w.p, "bob")
		theirs := w.id(bob)
		if got, _ := w.vouched("", "bob-1", bob); got != theirs {
			w.t.Errorf("bob's identity is %s, want %s", got, theirs)
		}
	})
}

func TestLookUpAndMergeDeveloperIdentities(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		ada, _ := w.vouched("", "ada-1")
		w.vouched(ada, "ada-2")
		w.vouched(ada, "ada-3")
		bob, bobsToken := w.vouched("", "bob-1")

		var found []string
		in := &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: &w.p.IdentityPool, IdentityId: &ada, MaxResults: aws.Int32(2)}
		for {
			page, err := w.root.LookupDeveloperIdentity(w.ctx, in)
			must(w.t, err)
			found = append(found, page.DeveloperUserIdentifierList...)
			if in.NextToken = page.NextToken; in.NextToken == nil {
				break
			}
		}
		if strings.Join(found, " ") != "ada-1 ada-2 ada-3" {
			w.t.Errorf("users %v", found)
		}
		id, users, err := w.lookUp("", "ada-2")
		if err != nil || id != ada || len(users) != 3 {
			w.t.Errorf("ada-2 is %s with %v, %v", id, users, err)
		}
		id, users, err = w.lookUp(ada, "ada-2")
		if err != nil || id != ada || len(users) != 1 || users[0] != "ada-2" {
			w.t.Errorf("ada-2 of ada is %s with %v, %v", id, users, err)
		}
		_, _, err = w.lookUp(bob, "ada-2")
		wantError(w.t, err, "ResourceConflictException", "")
		_, _, err = w.lookUp("", "nobody")
		wantError(w.t, err, "ResourceNotFoundException", "")
		_, _, err = w.lookUp("", "")
		wantError(w.t, err, "InvalidParameterException", "Either")

		into, err := w.merge("bob-1", "ada-1")
		if err != nil || into != ada {
			w.t.Errorf("merged into %s, %v", into, err)
		}
		if id, users, err := w.lookUp("", "bob-1"); err != nil || id != ada || len(users) != 4 {
			w.t.Errorf("bob-1 is %s with %v, %v", id, users, err)
		}
		w.refused(bob, bobsToken, "NotAuthorizedException", "is forbidden")
		if again, err := w.merge("bob-1", "ada-1"); err != nil || again != ada {
			w.t.Errorf("merging again gives %s, %v", again, err)
		}
		_, err = w.merge("nobody", "ada-1")
		wantError(w.t, err, "ResourceNotFoundException", "")
	})
}

func (w *world) lookUp(id, user string) (string, []string, error) {
	in := &cognitoidentity.LookupDeveloperIdentityInput{IdentityPoolId: &w.p.IdentityPool}
	if id != "" {
		in.IdentityId = &id
	}
	if user != "" {
		in.DeveloperUserIdentifier = &user
	}
	out, err := w.root.LookupDeveloperIdentity(w.ctx, in)
	if err != nil {
		return "", nil, err
	}
	return *out.IdentityId, out.DeveloperUserIdentifierList, nil
}

// Two developer identities with users of one user pool are two people.
func TestMergeDeveloperIdentitiesOfTwoPeople(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.developers()
	ada, _ := w.vouched("", "ada-1", w.user(w.p, "ada"))
	bob, _ := w.vouched("", "bob-1", w.user(w.p, "bob"))
	_, err := w.merge("bob-1", "ada-1")
	wantError(t, err, "ResourceConflictException", "already has a login of this provider")
	for user, want := range map[string]string{"ada-1": ada, "bob-1": bob} {
		if id, _, err := w.lookUp("", user); err != nil || id != want {
			t.Errorf("%s is %s, %v", user, id, err)
		}
	}
}

func TestUnlinkDeveloperIdentity(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.developers()
		id, token := w.vouched("", "ada-1")
		other, _ := w.vouched("", "bob-1")
		unlink := func(id, user, provider string) error {
			_, err := w.root.UnlinkDeveloperIdentity(w.ctx, &cognitoidentity.UnlinkDeveloperIdentityInput{
				IdentityId: &id, IdentityPoolId: &w.p.IdentityPool, DeveloperProviderName: &provider, DeveloperUserIdentifier: &user,
			})
			return err
		}
		wantError(w.t, unlink(other, "ada-1", developer), "ResourceConflictException", "")
		wantError(w.t, unlink(id, "nobody", developer), "ResourceNotFoundException", "")
		wantError(w.t, unlink(id, "ada-1", "login.other"), "InvalidParameterException", "developer provider")
		w.enters(id, token, id)
		must(w.t, unlink(id, "ada-1", developer))

		// The token outlives the login, and is good for nothing.
		w.refused(id, token, "NotAuthorizedException", "Logins don't match.")
		_, err := w.assume(token["cognito-identity.amazonaws.com"])
		wantError(w.t, err, "InvalidIdentityToken", "")
		w.refused(id, nil, "NotAuthorizedException", "is forbidden")
		if fresh, _ := w.vouched("", "ada-1"); fresh == id {
			w.t.Error("the unlinked user still has the identity")
		}
	})
}

// assume asks STS for a session of the role of users by an OpenID token.
func (w *world) assume(token string) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	return w.STS(w.nobody()).AssumeRoleWithWebIdentity(w.ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/shop-authenticated"), RoleSessionName: aws.String("app"), WebIdentityToken: &token,
	})
}

func TestDeveloperCallsThatMakeNoSense(t *testing.T) {
	t.Parallel()
	w := boot(t)
	_, _, err := w.vouch("", "ada-1")
	wantError(t, err, "InvalidParameterException", "developer provider")
	w.developers()
	ask := func(logins map[string]string) error {
		_, err := w.root.GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &w.p.IdentityPool, Logins: logins})
		return err
	}
	wantError(t, ask(map[string]string{"login.other": "ada"}), "InvalidParameterException", "developer provider")
	wantError(t, ask(map[string]string{developer: strings.Repeat("a", 1025)}), "InvalidParameterException", "1024")
	_, _, err = w.vouch("us-east-1:11111111-2222-3333-4444-555555555555", "ada-1")
	wantError(t, err, "ResourceNotFoundException", "not found")

	id, token := w.vouched("", "ada-1")
	w.refused(id, logins(token, map[string]string{"graph.facebook.com": "t"}), "InvalidParameterException", "stands for all logins")
	w.Clock.Advance(901 * time.Second)
	w.refused(id, token, "NotAuthorizedException", "Invalid login token. Token expired: ")
}
