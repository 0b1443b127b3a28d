package identitypool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"pintail/internal/testkit"
)

// listed returns all pages of ListIdentities.
func (w *world) listed(hide bool, size int32) map[string][]string {
	w.t.Helper()
	all := map[string][]string{}
	in := &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.p.IdentityPool, MaxResults: &size, HideDisabled: hide}
	for {
		page, err := w.root.ListIdentities(w.ctx, in)
		must(w.t, err)
		if len(page.Identities) > int(size) {
			w.t.Errorf("a page of %d", len(page.Identities))
		}
		for _, i := range page.Identities {
			if _, twice := all[*i.IdentityId]; twice {
				w.t.Errorf("%s is listed twice", *i.IdentityId)
			}
			all[*i.IdentityId] = i.Logins
		}
		if in.NextToken = page.NextToken; in.NextToken == nil {
			return all
		}
	}
}

func TestListIdentities(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		ada := w.user(w.p, "ada")
		user := w.id(ada)
		guests := map[string]bool{}
		for range 4 {
			guests[w.id(nil)] = true
		}
		merged := w.id(nil)
		w.enters(merged, ada, user)

		all := w.listed(false, 2)
		if len(all) != 6 || len(all[user]) != 1 || all[user][0] != awsName(w.p) {
			w.t.Errorf("all identities: %v", all)
		}
		live := w.listed(true, 2)
		if _, shown := live[merged]; shown || len(live) != 5 {
			w.t.Errorf("identities that are not disabled: %v", live)
		}
		for id := range guests {
			if logins, found := live[id]; !found || len(logins) != 0 {
				w.t.Errorf("guest %s: found %t, logins %v", id, found, logins)
			}
		}
		// A token is good for its own listing only.
		page, err := w.root.ListIdentities(w.ctx, &cognitoidentity.ListIdentitiesInput{IdentityPoolId: &w.p.IdentityPool, MaxResults: aws.Int32(1)})
		must(w.t, err)
		_, err = w.root.ListIdentities(w.ctx, &cognitoidentity.ListIdentitiesInput{
			IdentityPoolId: &w.p.IdentityPool, MaxResults: aws.Int32(1), HideDisabled: true, NextToken: page.NextToken,
		})
		wantError(w.t, err, "InvalidParameterException", "NextToken")
	})
}

func TestDeleteIdentities(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		ada := w.user(w.p, "ada")
		user, guest, other := w.id(ada), w.id(nil), w.id(nil)
		stranger := "us-east-1:11111111-2222-3333-4444-555555555555"
		out, err := w.root.DeleteIdentities(w.ctx, &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{user, guest, guest, stranger}})
		must(w.t, err)
		if left := out.UnprocessedIdentityIds; len(left) != 1 || *left[0].IdentityId != stranger || left[0].ErrorCode != "AccessDenied" {
			w.t.Errorf("not processed: %+v", left)
		}
		for _, id := range []string{user, guest} {
			_, err := w.root.DescribeIdentity(w.ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: &id})
			wantError(w.t, err, "ResourceNotFoundException", "Identity '"+id+"' not found.")
		}
		w.refused(guest, nil, "ResourceNotFoundException", "not found")
		w.refused(user, ada, "ResourceNotFoundException", "not found")
		w.enters(other, nil, other)
		// Whoever was deleted comes back as somebody new.
		if again := w.id(ada); again == user {
			w.t.Errorf("the deleted identity %s is back", again)
		}
	})
}

// What an IAM user may do to identities can be bound to their pool, which the operations
// do not name.
func TestIdentitiesOfOnePoolOnly(t *testing.T) {
	t.Parallel()
	w := boot(t)
	other := newPool(t, w.Server, true)
	mine := w.id(nil)
	theirs, err := w.anyone.GetId(w.ctx, &cognitoidentity.GetIdInput{IdentityPoolId: &other})
	must(t, err)
	narrow := w.Identity(w.iamUser("keeper", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
		"Action":["cognito-identity:DescribeIdentity","cognito-identity:DeleteIdentities"],"Resource":"*",
		"Condition":{"StringEquals":{"IdentityPoolArn":"arn:aws:cognito-identity:us-east-1:`+testkit.Account+`:identitypool/`+w.p.IdentityPool+`"}}}]}`))

	_, err = narrow.DescribeIdentity(w.ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: &mine})
	must(t, err)
	_, err = narrow.DescribeIdentity(w.ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: theirs.IdentityId})
	wantError(t, err, "AccessDeniedException", "cognito-identity:DescribeIdentity")
	_, err = narrow.DeleteIdentities(w.ctx, &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{mine, *theirs.IdentityId}})
	wantError(t, err, "AccessDeniedException", "cognito-identity:DeleteIdentities")
	_, err = narrow.DeleteIdentities(w.ctx, &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{mine}})
	must(t, err)
}

// iamUser makes an IAM user with a policy, and returns its access key.
func (w *world) iamUser(name, policy string) testkit.Keys {
	w.t.Helper()
	client := w.IAM(w.RootKeys())
	_, err := client.CreateUser(w.ctx, &iam.CreateUserInput{UserName: &name})
	must(w.t, err)
	_, err = client.PutUserPolicy(w.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("all"), PolicyDocument: &policy})
	must(w.t, err)
	key, err := client.CreateAccessKey(w.ctx, &iam.CreateAccessKeyInput{UserName: &name})
	must(w.t, err)
	return testkit.Keys{ID: *key.AccessKey.AccessKeyId, Secret: *key.AccessKey.SecretAccessKey}
}
