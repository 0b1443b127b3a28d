package access_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

func TestGetSessionToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("all"), PolicyDocument: statement("Allow", "*")})
	o.must(err)
	out, err := o.server.STS(ada).GetSessionToken(o.ctx, &sts.GetSessionTokenInput{})
	o.must(err)
	if left := time.Until(*out.Credentials.Expiration); left < 11*time.Hour || left > 12*time.Hour {
		t.Errorf("they last %v", left)
	}
	keys := keysOf(out.Credentials)
	o.must(o.whoIs(keys))
	o.must(o.listsApps(keys))
	arn := o.role("worker", trusting(accountRoot, `"sts:AssumeRole"`, ""), statement("Allow", "a:b"))
	_, err = o.assume(keys, arn)
	o.must(err)

	_, err = o.server.IAM(keys).ListUsers(o.ctx, &iam.ListUsersInput{})
	wantError(t, err, "AccessDenied", "Cannot call ListUsers with session credentials")
	_, err = o.server.STS(keys).GetSessionToken(o.ctx, &sts.GetSessionTokenInput{})
	wantError(t, err, "AccessDenied", "Cannot call GetSessionToken with session credentials")
	_, err = o.server.STS(ada).GetSessionToken(o.ctx, &sts.GetSessionTokenInput{SerialNumber: aws.String("arn:aws:iam::123456789012:mfa/ada"), TokenCode: aws.String("123456")})
	wantError(t, err, "AccessDenied", "MultiFactorAuthentication failed")

	// They end with the user.
	_, err = o.DeleteUserPolicy(o.ctx, &iam.DeleteUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("all")})
	o.must(err)
	wantError(t, o.listsApps(keys), "AccessDeniedException", "User: arn:aws:iam::123456789012:user/ada is not authorized")
	_, err = o.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("ada"), AccessKeyId: &ada.ID})
	o.must(err)
	_, err = o.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("ada")})
	o.must(err)
	wantError(t, o.whoIs(keys), "InvalidClientTokenId", "")

	root, err := o.server.STS(o.server.RootKeys()).GetSessionToken(o.ctx, &sts.GetSessionTokenInput{DurationSeconds: aws.Int32(7200)})
	o.must(err)
	if left := time.Until(*root.Credentials.Expiration); left > time.Hour {
		t.Errorf("the root user's last %v", left)
	}
	o.must(o.listsApps(keysOf(root.Credentials)))
}

func TestGetFederationToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	federate := func(document *string) (*sts.GetFederationTokenOutput, error) {
		return o.server.STS(ada).GetFederationToken(o.ctx, &sts.GetFederationTokenInput{Name: aws.String("visitor"), Policy: document})
	}
	_, err := federate(nil)
	wantError(t, err, "AccessDenied", "not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::123456789012:federated-user/visitor")
	_, err = o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("some"), PolicyDocument: statement("Allow", "sts:*", "mobiletargeting:GetApps")})
	o.must(err)
	out, err := federate(nil)
	o.must(err)
	if u := out.FederatedUser; *u.Arn != "arn:aws:sts::123456789012:federated-user/visitor" || *u.FederatedUserId != "123456789012:visitor" || *out.PackedPolicySize != 0 {
		t.Errorf("%+v", out)
	}
	o.must(o.whoIs(keysOf(out.Credentials)))
	wantError(t, o.listsApps(keysOf(out.Credentials)), "AccessDeniedException", "because no session policy allows")
	for document, ok := range map[*string]bool{statement("Allow", "mobiletargeting:*"): true, statement("Allow", "iam:*"): false} {
		out, err := federate(document)
		o.must(err)
		if err := o.listsApps(keysOf(out.Credentials)); (err == nil) != ok {
			t.Errorf("%s: %v", *document, err)
		}
		_, err = o.server.IAM(keysOf(out.Credentials)).ListUsers(o.ctx, &iam.ListUsersInput{})
		wantError(t, err, "AccessDenied", "Cannot call ListUsers with session credentials")
		_, err = o.server.STS(keysOf(out.Credentials)).GetFederationToken(o.ctx, &sts.GetFederationTokenInput{Name: aws.String("other")})
		wantError(t, err, "AccessDenied", "Cannot call GetFederationToken with session credentials")
	}
	root, err := o.server.STS(o.server.RootKeys()).GetFederationToken(o.ctx, &sts.GetFederationTokenInput{
		Name: aws.String("visitor"), Policy: statement("Allow", "mobiletargeting:GetApps"), Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("engines")}},
	})
	o.must(err)
	o.must(o.listsApps(keysOf(root.Credentials)))
}

func TestGetAccessKeyInfo(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tokens := o.server.STS(o.server.RootKeys())
	for _, id := range []string{o.server.RootKeys().ID, "AKIARZPUZDIKAAAAAAAA"} { // another account's key tells its account too
		out, err := tokens.GetAccessKeyInfo(o.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
		o.must(err)
		if *out.Account != "123456789012" {
			t.Errorf("%s is of %s", id, *out.Account)
		}
	}
	_, err := tokens.GetAccessKeyInfo(o.ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: aws.String("0123456789012345")})
	wantError(t, err, "ValidationError", "")
	_, err = tokens.DecodeAuthorizationMessage(o.ctx, &sts.DecodeAuthorizationMessageInput{EncodedMessage: aws.String("abc")})
	wantError(t, err, "InvalidAuthorizationMessageException", "")
}
