package access_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// inline are the operations on the inline policies of one kind of identity.
type inline struct {
	put    func(name string, document *string) error
	get    func(name string) (holder, policy, document *string, err error)
	list   func(marker *string) (names []string, next *string, err error)
	remove func(name string) error
	noun   string
	quota  int // bytes that all documents may have together (IAM quotas)
}

func (o *office) userInline(user string) inline {
	return inline{
		func(name string, document *string) error {
			_, err := o.PutUserPolicy(o.ctx, &iam.PutUserPolicyInput{UserName: &user, PolicyName: &name, PolicyDocument: document})
			return err
		},
		func(name string) (holder, policy, document *string, err error) {
			out, err := o.GetUserPolicy(o.ctx, &iam.GetUserPolicyInput{UserName: &user, PolicyName: &name})
			if err != nil {
				return nil, nil, nil, err
			}
			return out.UserName, out.PolicyName, out.PolicyDocument, nil
		},
		func(marker *string) (names []string, next *string, err error) {
			out, err := o.ListUserPolicies(o.ctx, &iam.ListUserPoliciesInput{UserName: &user, MaxItems: aws.Int32(2), Marker: marker})
			if err != nil {
				return nil, nil, err
			}
			return out.PolicyNames, out.Marker, nil
		},
		func(name string) error {
			_, err := o.DeleteUserPolicy(o.ctx, &iam.DeleteUserPolicyInput{UserName: &user, PolicyName: &name})
			return err
		}, "user", 2048,
	}
}

func (o *office) groupInline(group string) inline {
	return inline{
		func(name string, document *string) error {
			_, err := o.PutGroupPolicy(o.ctx, &iam.PutGroupPolicyInput{GroupName: &group, PolicyName: &name, PolicyDocument: document})
			return err
		},
		func(name string) (holder, policy, document *string, err error) {
			out, err := o.GetGroupPolicy(o.ctx, &iam.GetGroupPolicyInput{GroupName: &group, PolicyName: &name})
			if err != nil {
				return nil, nil, nil, err
			}
			return out.GroupName, out.PolicyName, out.PolicyDocument, nil
		},
		func(marker *string) (names []string, next *string, err error) {
			out, err := o.ListGroupPolicies(o.ctx, &iam.ListGroupPoliciesInput{GroupName: &group, MaxItems: aws.Int32(2), Marker: marker})
			if err != nil {
				return nil, nil, err
			}
			return out.PolicyNames, out.Marker, nil
		},
		func(name string) error {
			_, err := o.DeleteGroupPolicy(o.ctx, &iam.DeleteGroupPolicyInput{GroupName: &group, PolicyName: &name})
			return err
		}, "group", 5120,
	}
}

// The inline policies of users and groups, as TestInlinePolicies has those of roles.
func TestInlinePoliciesOfUsersAndGroups(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user("ada")
	_, err := o.CreateGroup(o.ctx, &iam.CreateGroupInput{GroupName: aws.String("ada")})
	o.must(err)
	for _, p := range []inline{o.userInline("ada"), o.groupInline("ada")} {
		t.Run(p.noun, func(t *testing.T) { p.live(t) })
	}
	nobody, nobodies := o.userInline("nobody"), o.groupInline("nobodies")
	wantError(t, nobody.put("p", statement("Allow", "a:b")), "NoSuchEntity", "The user with name nobody cannot be found.")
	wantError(t, nobodies.put("p", statement("Allow", "a:b")), "NoSuchEntity", "The group with name nobodies cannot be found.")
	_, _, err = nobody.list(nil)
	wantError(t, err, "NoSuchEntity", "nobody")
	_, _, err = nobodies.list(nil)
	wantError(t, err, "NoSuchEntity", "nobodies")
}

func (p inline) live(t *testing.T) {
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	document := statement("Allow", "mobiletargeting:Get*")
	for i := range 5 {
		ok(p.put(fmt.Sprint("p", i), statement("Deny", "a:b")))
	}
	ok(p.put("p3", document)) // in place of the other one
	holder, name, text, err := p.get("p3")
	ok(err)
	if plain, err := url.PathUnescape(*text); err != nil || plain != *document || *holder != "ada" || *name != "p3" {
		t.Errorf("%s of %s: %q", *name, *holder, *text)
	}
	var all []string
	for marker := (*string)(nil); ; {
		names, next, err := p.list(marker)
		ok(err)
		all = append(all, names...)
		if marker = next; marker == nil {
			break
		}
	}
	if !slices.Equal(all, []string{"p0", "p1", "p2", "p3", "p4"}) {
		t.Errorf("listed %v", all)
	}
	_, _, err = p.list(aws.String("forged"))
	wantError(t, err, "ValidationError", "Invalid Marker.")
	wantError(t, p.put("p3", aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a:b"}]}`)), "MalformedPolicyDocument", "")
	long := statement("Allow", "a:"+strings.Repeat("b", p.quota))
	wantError(t, p.put("long", long), "LimitExceeded", fmt.Sprintf("Maximum policy size of %d bytes exceeded for %s ada", p.quota, p.noun))
	absent := fmt.Sprintf("The %s policy with name long cannot be found.", p.noun)
	_, _, _, err = p.get("long")
	wantError(t, err, "NoSuchEntity", absent)
	wantError(t, p.remove("long"), "NoSuchEntity", absent)
	for _, name := range all {
		ok(p.remove(name))
	}
	if names, next, err := p.list(nil); err != nil || len(names) != 0 || next != nil {
		t.Errorf("left %v %v %v", names, next, err)
	}
}
