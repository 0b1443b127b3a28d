package identitypool_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	idtypes "github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"

	"pintail/internal/testkit"
)

func TestTokensOfOthers(t *testing.T) {
	t.Parallel()
	w := boot(t)
	ada := w.user(w.p, "ada")
	user := w.id(ada)

	stranger := w.p
	idp := w.IDP(w.RootKeys())
	pool, err := idp.CreateUserPool(w.ctx, &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("stranger")})
	must(t, err)
	client, err := idp.CreateUserPoolClient(w.ctx, &cognitoidentityprovider.CreateUserPoolClientInput{UserPoolId: pool.UserPool.Id, ClientName: aws.String("web")})
	must(t, err)
	stranger.UserPool, stranger.Client = *pool.UserPool.Id, *client.UserPoolClient.ClientId
	theirs := w.user(stranger, "ada")
	const unsupported = "Token is not from a supported provider of this identity pool."
	w.refused(user, theirs, "NotAuthorizedException", unsupported)
	// Under the name of the pool that is trusted.
	w.refused(user, map[string]string{awsName(w.p): theirs[awsName(stranger)]}, "NotAuthorizedException", "Couldn't verify signed token.")
	// Beside a token that is good.
	w.refused(user, logins(ada, theirs), "NotAuthorizedException", unsupported)

	other, err := idp.CreateUserPoolClient(w.ctx, &cognitoidentityprovider.CreateUserPoolClientInput{UserPoolId: &w.p.UserPool, ClientName: aws.String("other")})
	must(t, err)
	elsewhere := w.p
	elsewhere.Client = *other.UserPoolClient.ClientId
	tokens, err := w.SignIn(w.ctx, elsewhere, "ada", password)
	must(t, err)
	w.refused(user, map[string]string{awsName(w.p): tokens.ID}, "NotAuthorizedException", unsupported)

	w.Clock.Advance(2 * time.Hour)
	w.refused(user, ada, "NotAuthorizedException", "Invalid login token. Token expired: ")
}

// With ServerSideTokenCheck a token ends with its user, before its time.
func TestTokenOfADeletedUser(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.CognitoIdentityProviders = []idtypes.CognitoIdentityProvider{w.provider(w.p, true)}
		})
		ada, bob := w.user(w.p, "ada"), w.user(w.p, "bob")
		adas, bobs := w.id(ada), w.id(bob)
		w.enters(adas, ada, adas)
		_, err := w.IDP(w.RootKeys()).AdminDeleteUser(w.ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &w.p.UserPool, Username: aws.String("ada")})
		must(w.t, err)
		_, err = w.IDP(w.RootKeys()).AdminDisableUser(w.ctx, &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: &w.p.UserPool, Username: aws.String("bob")})
		must(w.t, err)
		w.refused(adas, ada, "NotAuthorizedException", "Token is inactive")
		w.refused(bobs, bob, "NotAuthorizedException", "Token is inactive")
		_, err = w.getID(ada)
		wantError(w.t, err, "NotAuthorizedException", "Token is inactive")
		// Somebody new of the same name is somebody else.
		again := w.user(w.p, "ada")
		w.refused(adas, again, "NotAuthorizedException", "Logins don't match.")
	})
}

// OpenID tokens are what the classic flow and back ends use. None of them opens a door
// that its bearer has not come through.
func TestOpenIDTokensAsLogins(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.classic()
		const name = "cognito-identity.amazonaws.com"
		ada := w.user(w.p, "ada")
		user, guest := w.id(ada), w.id(nil)
		vouched, token := w.vouched("", "bob-1")

		_, err := w.getID(token)
		wantError(w.t, err, "NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token.")
		_, err = w.openID(vouched, token)
		wantError(w.t, err, "NotAuthorizedException", "Invalid login token. Can't pass in a Cognito token.")
		w.refused(user, token, "NotAuthorizedException", "Logins don't match.")
		w.refused(guest, token, "NotAuthorizedException", "Logins don't match.")

		// A guest's token would shed what narrows guests, and a user's the role mapping.
		for id, shown := range map[string]map[string]string{guest: nil, user: ada} {
			own, err := w.openID(id, shown)
			must(w.t, err)
			w.refused(id, map[string]string{name: own}, "NotAuthorizedException", "Can't pass in a Cognito token.")
		}
		changed := token[name]
		w.refused(vouched, map[string]string{name: changed[:len(changed)-6] + "AAAAAA"}, "NotAuthorizedException", "Couldn't verify signed token.")

		// Of another pool, whose developer provider has the same name.
		other, err := w.root.CreateIdentityPool(w.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("other"), DeveloperProviderName: aws.String(developer)})
		must(w.t, err)
		theirs, err := w.root.GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: other.IdentityPoolId, Logins: map[string]string{developer: "bob-1"},
		})
		must(w.t, err)
		if *theirs.IdentityId == vouched {
			w.t.Fatal("two pools share an identity")
		}
		w.refused(vouched, map[string]string{name: *theirs.Token}, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
		_, err = w.assume(*theirs.Token) // the role trusts one pool
		wantError(w.t, err, "AccessDenied", "sts:AssumeRoleWithWebIdentity")

		// An identity of another pool.
		_, _, err = w.vouch(*theirs.IdentityId, "carol-1")
		wantError(w.t, err, "ResourceNotFoundException", "Identity '"+*theirs.IdentityId+"' not found.")
		_, _, err = w.enter(*theirs.IdentityId, ada)
		wantError(w.t, err, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
		_, _, err = w.lookUp(*theirs.IdentityId, "")
		wantError(w.t, err, "ResourceNotFoundException", "not found")
	})
}

func TestIdentitiesThatAreNotTheVisitors(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.developers()
	ada := w.user(w.p, "ada")
	user := w.id(ada)
	w.refused(user, nil, "NotAuthorizedException", "Access to Identity '"+user+"' is forbidden.")
	// Only a signed call may say who the developer's users are.
	asserted := map[string]string{developer: "ada-1"}
	id, _ := w.vouched("", "ada-1")
	w.refused(id, asserted, "InvalidParameterException", "Please provide a valid public provider.")
	_, err := w.getID(asserted)
	wantError(t, err, "InvalidParameterException", "Please provide a valid public provider.")
	_, err = w.anyone.GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &w.p.IdentityPool, Logins: asserted})
	wantError(t, err, "MissingAuthenticationTokenException", "")
	_, guest, err := w.Visitor(w.ctx, w.p, "", testkit.Tokens{})
	must(t, err)
	_, err = w.Identity(guest).GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{IdentityPoolId: &w.p.IdentityPool, Logins: asserted})
	wantError(t, err, "AccessDeniedException", "cognito-identity:GetOpenIdTokenForDeveloperIdentity")
	// A guest's token of the classic flow ends when the guest becomes somebody.
	w.classic()
	visitor := w.id(nil)
	early, err := w.openID(visitor, nil)
	must(t, err)
	w.enters(visitor, w.user(w.p, "bob"), visitor)
	_, err = w.assume(early)
	wantError(t, err, "InvalidIdentityToken", "")
}
