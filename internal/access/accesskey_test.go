package access_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/testkit"
)

func (o *office) whoIs(keys testkit.Keys) error {
	_, err := o.server.STS(keys).GetCallerIdentity(o.ctx, &sts.GetCallerIdentityInput{})
	return err
}

func TestAccessKeys(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first := o.user("ada")
	used := func(id string) *iam.GetAccessKeyLastUsedOutput {
		t.Helper()
		out, err := o.GetAccessKeyLastUsed(o.ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
		o.must(err)
		return out
	}
	if u := used(first.ID); *u.UserName != "ada" || *u.AccessKeyLastUsed.ServiceName != "N/A" || u.AccessKeyLastUsed.LastUsedDate != nil {
		t.Errorf("a new key: %+v", u.AccessKeyLastUsed)
	}
	o.must(o.whoIs(first))
	if u := used(first.ID).AccessKeyLastUsed; *u.ServiceName != "sts" || *u.Region != "us-east-1" || u.LastUsedDate == nil {
		t.Errorf("a used key: %+v", u)
	}
	second := o.key("ada")
	_, err := o.CreateAccessKey(o.ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ada")})
	wantError(t, err, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")

	set := func(status types.StatusType) {
		t.Helper()
		_, err := o.UpdateAccessKey(o.ctx, &iam.UpdateAccessKeyInput{UserName: aws.String("ada"), AccessKeyId: &second.ID, Status: status})
		o.must(err)
	}
	o.must(o.whoIs(second))
	set("Inactive")
	wantError(t, o.whoIs(second), "InvalidClientTokenId", "The security token included in the request is invalid.")
	set("Active")
	o.must(o.whoIs(second))

	// With their own keys people look after their own keys, where a policy lets them.
	_, err = o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: aws.String("ada"), PolicyName: aws.String("keys"), PolicyDocument: aws.String(
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*AccessKey*","Resource":"arn:aws:iam::123456789012:user/${aws:username}"}]}`)})
	o.must(err)
	mine := o.server.IAM(first)
	list, err := mine.ListAccessKeys(o.ctx, &iam.ListAccessKeysInput{})
	o.must(err)
	if len(list.AccessKeyMetadata) != 2 || *list.AccessKeyMetadata[0].UserName != "ada" || list.IsTruncated {
		t.Errorf("keys %+v", list.AccessKeyMetadata)
	}
	other := o.user("bob")
	_, err = mine.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &other.ID})
	wantError(t, err, "NoSuchEntity", "The Access Key with id "+other.ID+" cannot be found.")
	_, err = mine.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &other.ID})
	wantError(t, err, "AccessDenied", "")
	_, err = mine.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{AccessKeyId: &second.ID})
	o.must(err)
	wantError(t, o.whoIs(second), "InvalidClientTokenId", "")
	o.must(o.whoIs(other))
}

// The root user's own key is listed without a user, and is another's for nobody.
func TestRootAccessKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	root := o.server.RootKeys()
	list, err := o.ListAccessKeys(o.ctx, &iam.ListAccessKeysInput{})
	o.must(err)
	if len(list.AccessKeyMetadata) != 1 || *list.AccessKeyMetadata[0].AccessKeyId != root.ID {
		t.Errorf("keys %+v", list.AccessKeyMetadata)
	}
	o.user("ada")
	_, err = o.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("ada"), AccessKeyId: &root.ID})
	wantError(t, err, "NoSuchEntity", "")
}
