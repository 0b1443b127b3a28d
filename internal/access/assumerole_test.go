package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"pintail/internal/testkit"
)

const accountRoot = "arn:aws:iam::123456789012:root"

// trusting is a trust policy for one principal of AWS's kind.
func trusting(principal, action, condition string) *string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":` + action + condition + `}]}`)
}

// role makes a role that may do what a document says.
func (o *office) role(name string, trust, document *string) *string {
	o.Helper()
	made, err := o.CreateRole(o.ctx, &iam.CreateRoleInput{RoleName: &name, AssumeRolePolicyDocument: trust})
	o.must(err)
	_, err = o.PutRolePolicy(o.ctx, &iam.PutRolePolicyInput{RoleName: &name, PolicyName: aws.String("work"), PolicyDocument: document})
	o.must(err)
	return made.Role.Arn
}

func keysOf(c *types.Credentials) testkit.Keys {
	return testkit.Keys{ID: *c.AccessKeyId, Secret: *c.SecretAccessKey, Token: *c.SessionToken}
}

// assume asks for a role's session with somebody's keys.
func (o *office) assume(keys testkit.Keys, arn *string, change ...func(*sts.AssumeRoleInput)) (*sts.AssumeRoleOutput, error) {
	in := &sts.AssumeRoleInput{RoleArn: arn, RoleSessionName: aws.String("shift")}
	for _, f := range change {
		f(in)
	}
	return o.server.STS(keys).AssumeRole(o.ctx, in)
}

// mayAssume lets a user assume roles, as far as these trust them.
func (o *office) mayAssume(name string) {
	o.Helper()
	_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: &name, PolicyName: aws.String("assume"), PolicyDocument: statement("Allow", "sts:*")})
	o.must(err)
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada, bob := o.user("ada"), o.user("bob")
	arn := o.role("worker", trusting(accountRoot, `"sts:AssumeRole"`, ""), statement("Allow", "mobiletargeting:GetApps"))

	// The role trusts the account, so the account has to let its users.
	_, err := o.assume(ada, arn)
	wantError(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on resource: "+*arn)
	o.mayAssume("ada")
	out, err := o.assume(ada, arn)
	o.must(err)
	if u := out.AssumedRoleUser; *u.Arn != "arn:aws:sts::123456789012:assumed-role/worker/shift" || !strings.HasSuffix(*u.AssumedRoleId, ":shift") || out.PackedPolicySize != nil {
		t.Errorf("%+v", out)
	}
	if left := time.Until(*out.Credentials.Expiration); left < 59*time.Minute || left > time.Hour {
		t.Errorf("they last %v", left)
	}
	o.must(o.listsApps(keysOf(out.Credentials)))
	_, err = o.server.IAM(keysOf(out.Credentials)).ListUsers(o.ctx, &iam.ListUsersInput{})
	wantError(t, err, "AccessDenied", "User: arn:aws:sts::123456789012:assumed-role/worker/shift is not authorized to perform: iam:ListUsers")

	// A role that names the user needs nobody else; others it refuses.
	named := o.role("named", trusting("arn:aws:iam::123456789012:user/bob", `"sts:AssumeRole"`, ""), statement("Allow", "mobiletargeting:GetApps"))
	_, err = o.assume(bob, named)
	o.must(err)
	_, err = o.assume(ada, named)
	wantError(t, err, "AccessDenied", "")

	// Whoever is made anew under the name is somebody else.
	_, err = o.DeleteAccessKey(o.ctx, &iam.DeleteAccessKeyInput{UserName: aws.String("bob"), AccessKeyId: &bob.ID})
	o.must(err)
	_, err = o.DeleteUser(o.ctx, &iam.DeleteUserInput{UserName: aws.String("bob")})
	o.must(err)
	_, err = o.assume(o.user("bob"), named)
	wantError(t, err, "AccessDenied", "")

	_, err = o.assume(ada, aws.String("arn:aws:iam::123456789012:role/nobodys"))
	wantError(t, err, "AccessDenied", "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/nobodys")
	_, err = o.assume(ada, aws.String("a role, which one is not so important"))
	wantError(t, err, "ValidationError", "is invalid")
	_, err = o.assume(o.server.RootKeys(), arn)
	wantError(t, err, "AccessDenied", "Roles may not be assumed by root accounts.")
	_, err = o.assume(ada, arn, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) })
	wantError(t, err, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	_, err = o.CreateRole(o.ctx, &iam.CreateRoleInput{RoleName: aws.String("bad"), AssumeRolePolicyDocument: trusting("arn:aws:iam::123456789012:user/nobody", `"sts:AssumeRole"`, "")})
	wantError(t, err, "MalformedPolicyDocument", `Invalid principal in policy: "AWS":"arn:aws:iam::123456789012:user/nobody"`)
}

// Without the external id that was agreed upon, nobody can be made a deputy.
func TestExternalID(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	o.mayAssume("ada")
	arn := o.role("partner", trusting(accountRoot, `"sts:AssumeRole"`, `{"StringEquals":{"sts:ExternalId":"agreed-1"}}`), statement("Allow", "mobiletargeting:GetApps"))
	for id, ok := range map[string]bool{"": false, "agreed-2": false, "AGREED-1": false, "agreed-1": true} {
		_, err := o.assume(ada, arn, func(in *sts.AssumeRoleInput) {
			if id != "" {
				in.ExternalId = &id
			}
		})
		if ok != (err == nil) {
			t.Errorf("external id %q: %v", id, err)
		}
	}
}

// A session is not more than its role and its own policies both allow.
func TestNarrowedSession(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	o.mayAssume("ada")
	arn := o.role("worker", trusting(accountRoot, `"sts:AssumeRole"`, ""), statement("Allow", "mobiletargeting:*", "iam:ListUsers"))
	narrowed := func(document *string, arns ...string) (apps, iamUsers bool) {
		t.Helper()
		out, err := o.assume(ada, arn, func(in *sts.AssumeRoleInput) {
			in.Policy = document
			for _, a := range arns {
				in.PolicyArns = append(in.PolicyArns, types.PolicyDescriptorType{Arn: aws.String(a)})
			}
		})
		o.must(err)
		if (out.PackedPolicySize != nil) != (document != nil || len(arns) > 0) {
			t.Errorf("packed %v", out.PackedPolicySize)
		}
		keys := keysOf(out.Credentials)
		_, err = o.server.IAM(keys).ListUsers(o.ctx, &iam.ListUsersInput{})
		return o.listsApps(keys) == nil, err == nil
	}
	look := *o.policy("look", statement("Allow", "mobiletargeting:GetApps"))
	for _, test := range []struct {
		document        *string
		arns            []string
		apps, listUsers bool
	}{
		{nil, nil, true, true},
		{statement("Allow", "mobiletargeting:*"), nil, true, false},
		{statement("Allow", "s3:*"), nil, false, false},
		{statement("Deny", "iam:*"), nil, false, false}, // denies, and allows nothing
		{nil, []string{look}, true, false},
		{nil, []string{"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}, false, true},
		{statement("Allow", "mobiletargeting:GetApps"), []string{"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}, true, true},
	} {
		if apps, listUsers := narrowed(test.document, test.arns...); apps != test.apps || listUsers != test.listUsers {
			t.Errorf("%v %v: apps %v, users %v", aws.ToString(test.document), test.arns, apps, listUsers)
		}
	}
	_, err := o.assume(ada, arn, func(in *sts.AssumeRoleInput) { in.Policy = aws.String("{}") })
	wantError(t, err, "MalformedPolicyDocument", "")
	_, err = o.assume(ada, arn, func(in *sts.AssumeRoleInput) { in.Policy = statement("Allow", "s3:"+strings.Repeat("x", 2100)) })
	wantError(t, err, "PackedPolicyTooLarge", "Packed policy consumes")
	_, err = o.assume(ada, arn, func(in *sts.AssumeRoleInput) {
		in.PolicyArns = []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::123456789012:policy/nobodys")}}
	})
	wantError(t, err, "ValidationError", "")
}

// Tags go with the session, and on into the next role if they are transitive.
func TestSessionTags(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	o.mayAssume("ada")
	tagging := `["sts:AssumeRole","sts:TagSession"]`
	byTeam := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:GetApps","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"engines"}}},{"Effect":"Allow","Action":"sts:*","Resource":"*"}]}`)
	first := o.role("first", trusting(accountRoot, tagging, ""), byTeam)
	next := o.role("next", trusting(*first, tagging, ""), byTeam)
	untagged := o.role("untagged", trusting(accountRoot, `"sts:AssumeRole"`, ""), byTeam)
	tags := func(transitive bool, pairs ...string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) {
			for i := 0; i < len(pairs); i += 2 {
				in.Tags = append(in.Tags, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
				if transitive {
					in.TransitiveTagKeys = append(in.TransitiveTagKeys, pairs[i])
				}
			}
		}
	}
	_, err := o.assume(ada, untagged, tags(false, "team", "engines"))
	wantError(t, err, "AccessDenied", "not authorized to perform: sts:TagSession")
	out, err := o.assume(ada, first)
	o.must(err)
	wantError(t, o.listsApps(keysOf(out.Credentials)), "AccessDeniedException", "")
	out, err = o.assume(ada, first, tags(false, "Team", "engines"))
	o.must(err)
	o.must(o.listsApps(keysOf(out.Credentials)))
	on, err := o.assume(keysOf(out.Credentials), next)
	o.must(err)
	wantError(t, o.listsApps(keysOf(on.Credentials)), "AccessDeniedException", "")

	out, err = o.assume(ada, first, tags(true, "team", "engines"))
	o.must(err)
	on, err = o.assume(keysOf(out.Credentials), next)
	o.must(err)
	o.must(o.listsApps(keysOf(on.Credentials)))
	_, err = o.assume(keysOf(out.Credentials), next, tags(false, "TEAM", "brakes"))
	wantError(t, err, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
	_, err = o.assume(ada, first, tags(false, "a", "1", "A", "2"))
	wantError(t, err, "InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	_, err = o.assume(ada, first, func(in *sts.AssumeRoleInput) { in.TransitiveTagKeys = []string{"team"} })
	wantError(t, err, "InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
	_, err = o.assume(keysOf(out.Credentials), next, func(in *sts.AssumeRoleInput) { in.DurationSeconds = aws.Int32(3601) })
	wantError(t, err, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
}

// A source identity is remembered through every role.
func TestSourceIdentity(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ada := o.user("ada")
	o.mayAssume("ada")
	actions := `["sts:AssumeRole","sts:SetSourceIdentity"]`
	byAda := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["sts:*","mobiletargeting:GetApps"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceIdentity":"ada"}}}]}`)
	first := o.role("first", trusting(accountRoot, actions, ""), byAda)
	next := o.role("next", trusting(*first, actions, ""), byAda)
	as := func(who string) func(*sts.AssumeRoleInput) {
		return func(in *sts.AssumeRoleInput) { in.SourceIdentity = &who }
	}
	out, err := o.assume(ada, first, as("ada"))
	o.must(err)
	if aws.ToString(out.SourceIdentity) != "ada" {
		t.Errorf("source identity %v", out.SourceIdentity)
	}
	on, err := o.assume(keysOf(out.Credentials), next)
	o.must(err)
	o.must(o.listsApps(keysOf(on.Credentials)))
	_, err = o.assume(keysOf(out.Credentials), next, as("eve"))
	wantError(t, err, "AccessDenied", "")
	plain := o.role("plain", trusting(accountRoot, `"sts:AssumeRole"`, ""), byAda)
	_, err = o.assume(ada, plain, as("ada"))
	wantError(t, err, "AccessDenied", "not authorized to perform: sts:SetSourceIdentity")
}
