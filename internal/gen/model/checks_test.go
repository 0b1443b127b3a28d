package model_test

import (
	"strings"
	"testing"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/iam"
	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/gen/sts"
)

func message(v model.Validator, sent ...string) string {
	c := model.Checks{Present: func(path string) bool {
		for _, s := range sent {
			if s == path {
				return true
			}
		}
		return false
	}}
	v.Validate(&c)
	return c.Err()
}

// TestWording pins the messages of AWS's front ends.
func TestWording(t *testing.T) {
	t.Parallel()
	const one = "1 validation error detected: "
	valid := cognitoidp.SignUpRequest{ClientId: "client", Username: "ada"}
	long := strings.Repeat("x", 257)
	tests := []struct {
		name string
		in   model.Validator
		sent []string
		want string
	}{
		{name: "nothing wrong", in: &valid},
		{
			name: "pattern",
			in:   &cognitoidentity.GetIdInput{IdentityPoolId: "nonsense"},
			want: one + `Value 'nonsense' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+:[0-9a-f-]+`,
		},
		{
			name: "length and pattern of a role's ARN and session",
			in:   &sts.AssumeRoleRequest{RoleArn: "arn", RoleSessionName: "S:2"},
			want: `2 validation errors detected: Value 'arn' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; ` +
				`Value 'S:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`,
		},
		{
			name: "missing",
			in:   &cognitoidp.AdminGetUserRequest{UserPoolId: "eu_a"},
			want: one + "Value null at 'username' failed to satisfy constraint: Member must not be null",
		},
		{
			name: "empty is not missing",
			in:   &cognitoidp.AdminGetUserRequest{UserPoolId: "", Username: "ada"},
			sent: []string{"UserPoolId"},
			want: `2 validation errors detected: Value '' at 'userPoolId' failed to satisfy constraint: Member must have length greater than or equal to 1; ` +
				`Value '' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`,
		},
		{
			name: "an empty optional string counts when it was sent",
			in:   &cognitoidp.CreateGroupRequest{UserPoolId: "eu_a", GroupName: "g", RoleArn: ""},
			sent: []string{"RoleArn"},
			want: "2 validation errors detected: Value '' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; " +
				`Value '' at 'roleArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:[\w+=/,.@-]+:[\w+=/,.@-]+:([\w+=/,.@-]*)?:[0-9]+:[\w+=/,.@-]+(:[\w+=/,.@-]+)?(:[\w+=/,.@-]+)?`,
		},
		{
			name: "a secret is not repeated",
			in:   &cognitoidp.SignUpRequest{ClientId: "client", Username: "ada", Password: long},
			want: one + "Value at 'password' failed to satisfy constraint: Member must have length less than or equal to 256",
		},
		{
			name: "number",
			in:   &cognitoidp.ListUserPoolsRequest{MaxResults: new(int32(61))},
			want: one + "Value '61' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 60",
		},
		{
			name: "enum",
			in:   &iam.UpdateAccessKeyRequest{AccessKeyId: "AKIAIOSFODNN7EXAMPLE", Status: "Gone"},
			want: one + "Value 'Gone' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]",
		},
		{
			name: "structure in a list",
			in: &cognitoidp.CreateUserPoolRequest{PoolName: "p", Schema: []cognitoidp.SchemaAttributeType{
				{Name: "fine"}, {Name: "a-name-that-is-too-long"},
			}},
			want: one + "Value 'a-name-that-is-too-long' at 'schema.2.member.name' failed to satisfy constraint: Member must have length less than or equal to 20",
		},
		{
			name: "structure in a map",
			in: &cognitoidentity.SetIdentityPoolRolesInput{
				IdentityPoolId: "eu-west-1:a", Roles: map[string]string{},
				RoleMappings: map[string]cognitoidentity.RoleMapping{"idp:c": {Type: "x"}},
			},
			want: one + "Value 'x' at 'roleMappings.idp:c.member.type' failed to satisfy constraint: Member must satisfy enum value set: [Token, Rules]",
		},
		{
			name: "strings of a list",
			in:   &cognitoidp.UntagResourceRequest{ResourceArn: "arn:aws:cognito-idp:eu:1:userpool/x", TagKeys: []string{"fine", ""}},
			want: one + "Value '[fine, ]' at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: " +
				"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1]",
		},
		{
			name: "keys and values of a map",
			in:   &cognitoidp.TagResourceRequest{ResourceArn: "arn:aws:cognito-idp:eu:1:userpool/x", Tags: map[string]string{"": long}},
			want: "2 validation errors detected: " +
				"Value at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]; " +
				"Value at 'tags' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]",
		},
		{
			name: "number of elements",
			in:   &cognitoidp.AddCustomAttributesRequest{UserPoolId: "eu_a", CustomAttributes: []cognitoidp.SchemaAttributeType{}},
			want: one + "Value at 'customAttributes' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{
			name: "members without other constraints",
			in:   &pinpoint.UpdateEndpointRequest{ApplicationId: "a", EndpointId: "e"},
			want: one + "Value null at 'endpointRequest' failed to satisfy constraint: Member must not be null",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := message(test.in, test.sent...); got != test.want {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

// TestPaths: the codec is asked for members by their wire path.
func TestPaths(t *testing.T) {
	t.Parallel()
	var asked []string
	c := model.Checks{Present: func(path string) bool {
		asked = append(asked, path)
		return false
	}}
	in := &cognitoidp.AdminUpdateUserAttributesRequest{
		UserPoolId: "eu_a", Username: "ada", UserAttributes: []cognitoidp.AttributeType{{Name: "n", Value: "v"}, {Value: "v"}},
	}
	in.Validate(&c)
	if got := strings.Join(asked, " "); got != "UserAttributes.2.Name" {
		t.Errorf("asked for %s", got)
	}
}

// TestLengthsAreCharacters: AWS counts characters, not bytes.
func TestLengthsAreCharacters(t *testing.T) {
	t.Parallel()
	in := &cognitoidp.AdminGetUserRequest{UserPoolId: "eu_a", Username: strings.Repeat("é", 128)}
	if got := message(in); got != "" {
		t.Error(got)
	}
	in.Username += "é"
	if got := message(in); !strings.HasSuffix(got, "Member must have length less than or equal to 128") {
		t.Error(got)
	}
}

// TestBounds: an answer stays small whatever is sent.
func TestBounds(t *testing.T) {
	t.Parallel()
	in := &pinpoint.CreateSegmentRequest{ApplicationId: "a", WriteSegmentRequest: &pinpoint.WriteSegmentRequest{
		SegmentGroups: &pinpoint.SegmentGroupList{Groups: []pinpoint.SegmentGroup{{
			SourceSegments: make([]pinpoint.SegmentReference, 10_000),
		}}},
	}}
	if got := message(in); !strings.HasPrefix(got, "50 validation errors detected: ") || len(got) > 10_000 {
		t.Errorf("%d bytes, starting with %.40s", len(got), got)
	}
	echo := message(&sts.AssumeRoleRequest{RoleArn: strings.Repeat("é", 5_000), RoleSessionName: "ok"})
	if len(echo) > 2_000 || !strings.Contains(echo, "é...' at 'roleArn'") {
		t.Errorf("%d bytes: %.60s", len(echo), echo)
	}
	groups := &iam.TagUserRequest{UserName: "u", Tags: make([]iam.Tag, 51)}
	if got := message(groups); got != "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to 50" {
		t.Error(got)
	}
}

func BenchmarkValidate(b *testing.B) {
	in := &cognitoidp.SignUpRequest{ClientId: "client", Username: "ada", Password: "secret", UserAttributes: []cognitoidp.AttributeType{
		{Name: "email", Value: "ada@example.com"}, {Name: "phone_number", Value: "+15550100"},
	}}
	b.ReportAllocs()
	for b.Loop() {
		var c model.Checks
		if in.Validate(&c); !c.OK() {
			b.Fatal(c.Err())
		}
	}
}
