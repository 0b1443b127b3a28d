package app_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/pinpoint"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/config"
	"pintail/internal/fresh"
	"pintail/internal/testkit"
	"pintail/internal/testkit/pgtest"
)

// nodes are two servers of one installation.
type nodes struct {
	*testing.T
	here, there *testkit.Server
	iam         *iam.Client // here, as the root user
}

// does calls an operation of which only the verdict matters.
func does[In, Out, Options any](t testing.TB, op func(context.Context, *In, ...func(*Options)) (*Out, error), in *In) error {
	t.Helper()
	_, err := op(testkit.Context(t), in)
	return err
}

func startNodes(t *testing.T) *nodes {
	t.Helper()
	master := make([]byte, 32)
	_, _ = rand.Read(master) // never fails
	shared := config.Config{DatabaseURL: pgtest.Database(t), MasterKey: base64.StdEncoding.EncodeToString(master)}
	n := &nodes{T: t}
	for _, node := range []**testkit.Server{&n.here, &n.there} {
		*node = testkit.Start(t, func(c *config.Config) { c.DatabaseURL, c.MasterKey = shared.DatabaseURL, shared.MasterKey })
	}
	n.iam = n.here.IAM(n.here.RootKeys())
	return n
}

const everything = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:*","Resource":"*"}]}`

// clerk makes an IAM user with a key, who may do everything by a managed policy.
func (n *nodes) clerk(name string) (key testkit.Keys, policy string) {
	n.Helper()
	ctx := testkit.Context(n)
	made, err := n.iam.CreatePolicy(ctx, &iam.CreatePolicyInput{PolicyName: &name, PolicyDocument: aws.String(everything)})
	must(n.T, err)
	_, err = n.iam.CreateUser(ctx, &iam.CreateUserInput{UserName: &name})
	must(n.T, err)
	_, err = n.iam.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{UserName: &name, PolicyArn: made.Policy.Arn})
	must(n.T, err)
	k, err := n.iam.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &name})
	must(n.T, err)
	return testkit.Keys{ID: *k.AccessKey.AccessKeyId, Secret: *k.AccessKey.SecretAccessKey}, *made.Policy.Arn
}

// session makes a role that may do everything, and a session of it.
func (n *nodes) session(name string) testkit.Keys {
	n.Helper()
	ctx := testkit.Context(n)
	trust := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":%q},"Action":"sts:AssumeRole"}]}`, testkit.Account)
	role, err := n.iam.CreateRole(ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: &trust})
	must(n.T, err)
	_, err = n.iam.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("all"), PolicyDocument: aws.String(everything)})
	must(n.T, err)
	boss, policy := n.clerk(name + "-boss")
	_, err = n.iam.CreatePolicyVersion(ctx, &iam.CreatePolicyVersionInput{PolicyArn: &policy, SetAsDefault: true,
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}]}`)})
	must(n.T, err)
	s, err := n.here.STS(boss).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("night")})
	must(n.T, err)
	return testkit.Keys{ID: *s.Credentials.AccessKeyId, Secret: *s.Credentials.SecretAccessKey, Token: *s.Credentials.SessionToken}
}

// try makes a signed call to the other node.
func (n *nodes) try(k testkit.Keys) error {
	_, err := n.there.Pinpoint(k).GetApps(testkit.Context(n), &pinpoint.GetAppsInput{})
	return err
}

// Whoever is disabled, deleted or stripped of a policy on one node may still have been in
// the memory of another: a second later they get nothing there either.
func TestRevocationOnEveryNode(t *testing.T) {
	t.Parallel()
	n := startNodes(t)
	const unknown, denied = "UnrecognizedClientException", "AccessDeniedException"
	for name, test := range map[string]struct {
		// make returns the keys, and a function that takes them their power.
		make func(name string) (keys testkit.Keys, revoke func() error)
		code string
	}{
		"a key made inactive": {func(name string) (testkit.Keys, func() error) {
			keys, _ := n.clerk(name)
			return keys, func() error {
				return does(n, n.iam.UpdateAccessKey, &iam.UpdateAccessKeyInput{UserName: &name, AccessKeyId: &keys.ID, Status: "Inactive"})
			}
		}, unknown},
		"a deleted key": {func(name string) (testkit.Keys, func() error) {
			keys, _ := n.clerk(name)
			return keys, func() error {
				return does(n, n.iam.DeleteAccessKey, &iam.DeleteAccessKeyInput{UserName: &name, AccessKeyId: &keys.ID})
			}
		}, unknown},
		"a detached policy": {func(name string) (testkit.Keys, func() error) {
			keys, policy := n.clerk(name)
			return keys, func() error {
				return does(n, n.iam.DetachUserPolicy, &iam.DetachUserPolicyInput{UserName: &name, PolicyArn: &policy})
			}
		}, denied},
		"another version of a policy": {func(name string) (testkit.Keys, func() error) {
			keys, policy := n.clerk(name)
			return keys, func() error {
				return does(n, n.iam.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: &policy, SetAsDefault: true,
					PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}`)})
			}
		}, denied},
		"the policy of a role": {func(name string) (testkit.Keys, func() error) {
			return n.session(name), func() error {
				return does(n, n.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("all")})
			}
		}, denied},
		"the sessions of a role so far": {func(name string) (testkit.Keys, func() error) {
			return n.session(name), func() error {
				return does(n, n.iam.PutRolePolicy, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("AWSRevokeOlderSessions"),
					PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*",
						"Condition":{"DateLessThan":{"aws:TokenIssueTime":"` + time.Now().Add(time.Minute).UTC().Format(time.RFC3339) + `"}}}]}`)})
			}
		}, denied},
		"a deleted role": {func(name string) (testkit.Keys, func() error) {
			return n.session(name), func() error {
				if err := does(n, n.iam.DeleteRolePolicy, &iam.DeleteRolePolicyInput{RoleName: &name, PolicyName: aws.String("all")}); err != nil {
					return err
				}
				return does(n, n.iam.DeleteRole, &iam.DeleteRoleInput{RoleName: &name})
			}
		}, denied},
	} {
		t.Run(name, func(t *testing.T) {
			keys, revoke := test.make(strings.ReplaceAll(name, " ", "-"))
			must(t, n.try(keys))
			must(t, revoke())
			n.there.Clock.Advance(fresh.For)
			wantCode(t, n.try(keys), test.code)
		})
	}
}

// Who signs out everywhere on one node is signed out of the other a second later.
func TestSignOutOnEveryNode(t *testing.T) {
	t.Parallel()
	n := startNodes(t)
	ctx := testkit.Context(t)
	p := n.here.NewProject(t)
	signUp(t, n.here, p, "ada")
	tokens, err := n.here.SignIn(ctx, p, "ada", password)
	must(t, err)
	get := func() error {
		return does(n, n.there.IDP(testkit.Keys{}).GetUser, &idp.GetUserInput{AccessToken: &tokens.Access})
	}
	must(t, get())
	must(t, does(n, n.here.IDP(testkit.Keys{}).GlobalSignOut, &idp.GlobalSignOutInput{AccessToken: &tokens.Access}))
	n.there.Clock.Advance(fresh.For)
	wantCode(t, get(), "NotAuthorizedException")
}
