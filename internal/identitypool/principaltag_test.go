package identitypool_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"pintail/internal/testkit"
)

// mapTags sets which claims become tags.
func (w *world) mapTags(defaults bool, tags map[string]string) error {
	_, err := w.root.SetPrincipalTagAttributeMap(w.ctx, &cognitoidentity.SetPrincipalTagAttributeMapInput{
		IdentityPoolId: &w.p.IdentityPool, IdentityProviderName: aws.String(awsName(w.p)), UseDefaults: &defaults, PrincipalTags: tags,
	})
	return err
}

// trustTags lets the role of users have tagged sessions, and do one thing if they have the
// right tag.
func (w *world) trustTags(key, value string) {
	w.t.Helper()
	client := w.IAM(w.RootKeys())
	trust := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},
		"Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"` + w.p.IdentityPool + `"}}}]}`
	_, err := client.UpdateAssumeRolePolicy(w.ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String("shop-authenticated"), PolicyDocument: &trust})
	must(w.t, err)
	allow := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cognito-identity:DescribeIdentityPool","Resource":"*",
		"Condition":{"StringEquals":{"aws:PrincipalTag/%s":"%s"}}}]}`, key, value)
	_, err = client.PutRolePolicy(w.ctx, &iam.PutRolePolicyInput{RoleName: aws.String("shop-authenticated"), PolicyName: aws.String("tags"), PolicyDocument: &allow})
	must(w.t, err)
}

// may tells whether credentials may do the one thing.
func (w *world) may(keys testkit.Keys) bool {
	_, err := w.Identity(keys).DescribeIdentityPool(w.ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
	if err != nil {
		wantError(w.t, err, "AccessDeniedException", "")
	}
	return err == nil
}

func TestPrincipalTags(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		must(w.t, w.mapTags(false, map[string]string{"team": "given_name", "absent": "family_name"}))
		blue, red := w.userWith("a", map[string]string{"given_name": "blue"}), w.userWith("b", map[string]string{"given_name": "red"})

		// A role that does not let its sessions be tagged gives none.
		w.refused(w.id(blue), blue, "InvalidIdentityPoolConfigurationException", "Check assigned IAM roles for this pool.")
		w.trustTags("team", "blue")
		for name, test := range map[string]struct {
			shown map[string]string
			want  bool
		}{"blue": {blue, true}, "red": {red, false}} {
			_, keys, err := w.enter(w.id(test.shown), test.shown)
			must(w.t, err)
			if got := w.may(keys); got != test.want {
				w.t.Errorf("%s may: %t", name, got)
			}
		}

		// The classic flow carries them in the token.
		w.classic()
		token, err := w.openID(w.id(blue), blue)
		must(w.t, err)
		tags, err := json.Marshal(claimsOf(w.t, token)["https://aws.amazon.com/tags"])
		must(w.t, err)
		if string(tags) != `{"principal_tags":{"team":["blue"]}}` {
			w.t.Errorf("tags %s", tags)
		}
		session, err := w.assume(token)
		must(w.t, err)
		if c := session.Credentials; !w.may(testkit.Keys{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Token: *c.SessionToken}) {
			w.t.Error("the session of the classic flow has no tags")
		}
	})
}

func TestDefaultPrincipalTags(t *testing.T) {
	t.Parallel()
	w := boot(t)
	must(t, w.mapTags(true, nil))
	ada := w.user(w.p, "ada")
	w.classic()
	token, err := w.openID(w.id(ada), ada)
	must(t, err)
	tags, err := json.Marshal(claimsOf(t, token)["https://aws.amazon.com/tags"])
	must(t, err)
	want := fmt.Sprintf(`{"principal_tags":{"client":["%s"],"username":["%s"]}}`, w.p.Client, claimsOf(t, ada[awsName(w.p)])["sub"])
	if string(tags) != want {
		t.Errorf("tags %s, want %s", tags, want)
	}
}

func TestPrincipalTagsOfADeveloper(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.developers()
	w.trustTags("team", "blue")
	ask := func(tags map[string]string) (string, map[string]string, error) {
		out, err := w.root.GetOpenIdTokenForDeveloperIdentity(w.ctx, &cognitoidentity.GetOpenIdTokenForDeveloperIdentityInput{
			IdentityPoolId: &w.p.IdentityPool, Logins: map[string]string{developer: "ada-1"}, PrincipalTags: tags,
		})
		if err != nil {
			return "", nil, err
		}
		return *out.IdentityId, map[string]string{"cognito-identity.amazonaws.com": *out.Token}, nil
	}
	for team, want := range map[string]bool{"blue": true, "red": false} {
		id, token, err := ask(map[string]string{"team": team})
		must(t, err)
		_, keys, err := w.enter(id, token)
		must(t, err)
		if got := w.may(keys); got != want {
			t.Errorf("%s may: %t", team, got)
		}
	}
	_, _, err := ask(map[string]string{"aws:team": "blue"})
	wantError(t, err, "InvalidParameterException", "reserved")
}

func TestPrincipalTagMaps(t *testing.T) {
	t.Parallel()
	w := boot(t)
	get := func() (bool, string) {
		t.Helper()
		out, err := w.root.GetPrincipalTagAttributeMap(w.ctx, &cognitoidentity.GetPrincipalTagAttributeMapInput{
			IdentityPoolId: &w.p.IdentityPool, IdentityProviderName: aws.String(awsName(w.p)),
		})
		must(t, err)
		tags, err := json.Marshal(out.PrincipalTags)
		must(t, err)
		if *out.IdentityPoolId != w.p.IdentityPool || *out.IdentityProviderName != awsName(w.p) {
			t.Errorf("the map of %s in %s", *out.IdentityProviderName, *out.IdentityPoolId)
		}
		return *out.UseDefaults, string(tags)
	}
	wants := func(defaults bool, tags string) {
		t.Helper()
		if gotDefaults, gotTags := get(); gotDefaults != defaults || gotTags != tags {
			t.Errorf("UseDefaults %t and tags %s, want %t and %s", gotDefaults, gotTags, defaults, tags)
		}
	}
	wants(false, "null")
	must(t, w.mapTags(false, map[string]string{"team": "custom:team"}))
	wants(false, `{"team":"custom:team"}`)
	must(t, w.mapTags(true, nil))
	wants(true, `{"client":"aud","username":"sub"}`)
	wantError(t, w.mapTags(false, map[string]string{"AWS:team": "a"}), "InvalidParameterException", "reserved")
	wantError(t, w.mapTags(false, map[string]string{"team": "a", "Team": "b"}), "InvalidParameterException", "case insensitive")

	// What would be too much for a session is refused, rather than cut.
	must(t, w.mapTags(false, map[string]string{"a": "given_name", "b": "family_name"}))
	long := w.userWith("long", map[string]string{"given_name": strings.Repeat("x", 250), "family_name": strings.Repeat("y", 250)})
	w.refused(w.id(long), long, "InvalidParameterException", "460 bytes")
}
