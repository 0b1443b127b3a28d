package access_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	iamtypes "github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/smithy-go"

	"pintail/internal/testkit"
)

const trustNobody = `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity"}]}`

// code returns an SDK error's code and message.
func code(t *testing.T, err error) (string, string) {
	t.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) {
		t.Fatalf("not an API error: %v", err)
	}
	return e.ErrorCode(), e.ErrorMessage()
}

func wantError(t *testing.T, err error, wantCode, wantMessage string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", wantCode)
	}
	if c, m := code(t, err); c != wantCode || !strings.Contains(m, wantMessage) {
		t.Errorf("error %s %q, want %s %q", c, m, wantCode, wantMessage)
	}
}

func TestRoleLife(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	created, err := client.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: aws.String("Shop-guest"), Path: aws.String("/service/"), AssumeRolePolicyDocument: aws.String(trustNobody),
		Description: aws.String("guests"), Tags: []iamtypes.Tag{{Key: aws.String("team"), Value: aws.String("shop")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	role := created.Role
	if *role.Arn != "arn:aws:iam::123456789012:role/service/Shop-guest" || !strings.HasPrefix(*role.RoleId, "AROA") || len(*role.RoleId) != 21 {
		t.Errorf("role %s %s", *role.Arn, *role.RoleId)
	}
	if document, err := url.PathUnescape(*role.AssumeRolePolicyDocument); err != nil || document != trustNobody {
		t.Errorf("trust policy came back as %q", *role.AssumeRolePolicyDocument)
	}
	_, err = client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String("SHOP-GUEST"), AssumeRolePolicyDocument: aws.String(trustNobody)})
	wantError(t, err, "EntityAlreadyExists", "Role with name SHOP-GUEST already exists.")

	if _, err = client.UpdateRole(ctx, &iam.UpdateRoleInput{RoleName: role.RoleName, MaxSessionDuration: aws.Int32(7200)}); err != nil {
		t.Fatal(err)
	}
	got, err := client.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("shop-guest")})
	if err != nil {
		t.Fatal(err)
	}
	if *got.Role.MaxSessionDuration != 7200 || *got.Role.Description != "guests" || len(got.Role.Tags) != 1 || !got.Role.CreateDate.Equal(*role.CreateDate) {
		t.Errorf("role came back as %+v", got.Role)
	}
	_, err = client.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{RoleName: role.RoleName, PolicyDocument: aws.String(`{"Statement":1}`)})
	wantError(t, err, "MalformedPolicyDocument", "")
	_, err = client.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String("nobody")})
	wantError(t, err, "NoSuchEntity", "The role with name nobody cannot be found.")
}

func TestInlinePolicies(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	name := aws.String("worker")
	if _, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trustNobody)}); err != nil {
		t.Fatal(err)
	}
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:PutEvents","Resource":"arn:aws:mobiletargeting:*:*:apps/*%3A"}]}`
	for i := range 5 {
		_, err := client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String(fmt.Sprint("p", i)), PolicyDocument: aws.String(document)})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := client.GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("p3")})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := url.PathUnescape(*got.PolicyDocument); err != nil || text != document {
		t.Errorf("document came back as %q", *got.PolicyDocument)
	}
	var names []string
	pages := iam.NewListRolePoliciesPaginator(client, &iam.ListRolePoliciesInput{RoleName: name, MaxItems: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, page.PolicyNames...)
	}
	if strings.Join(names, " ") != "p0 p1 p2 p3 p4" {
		t.Errorf("policies %v", names)
	}
	_, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", "must delete policies first")
	for _, p := range names {
		if _, err := client.DeleteRolePolicy(ctx, &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String(p)}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err = client.DeleteRole(ctx, &iam.DeleteRoleInput{RoleName: name}); err != nil {
		t.Fatal(err)
	}
	_, err = client.PutRolePolicy(ctx, &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(document)})
	wantError(t, err, "NoSuchEntity", "worker")
	_, err = client.ListRolePolicies(ctx, &iam.ListRolePoliciesInput{RoleName: name, Marker: aws.String("forged")})
	wantError(t, err, "NoSuchEntity", "")
}

func TestListRoles(t *testing.T) {
	t.Parallel()
	s := testkit.Start(t)
	ctx, client := testkit.Context(t), s.IAM(s.RootKeys())
	for i := range 7 {
		path := "/a/"
		if i%2 == 1 {
			path = "/b/"
		}
		_, err := client.CreateRole(ctx, &iam.CreateRoleInput{RoleName: aws.String(fmt.Sprint("r", i)), Path: aws.String(path), AssumeRolePolicyDocument: aws.String(trustNobody)})
		if err != nil {
			t.Fatal(err)
		}
	}
	list := func(prefix string) (names []string) {
		pages := iam.NewListRolesPaginator(client, &iam.ListRolesInput{PathPrefix: aws.String(prefix), MaxItems: aws.Int32(2)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range page.Roles {
				names = append(names, *r.RoleName)
			}
		}
		return names
	}
	if got := strings.Join(list("/a/"), " "); got != "r0 r2 r4 r6" {
		t.Errorf("under /a/: %s", got)
	}
	if got := list("/"); len(got) != 7 {
		t.Errorf("all: %v", got)
	}
	_, err := client.ListRoles(ctx, &iam.ListRolesInput{Marker: aws.String("forged")})
	wantError(t, err, "ValidationError", "Invalid Marker.")
}
