package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// tagging are the operations on the tags of one thing.
type tagging struct {
	tag   func([]types.Tag) error
	untag func(keys ...string) error
	list  func(marker *string) (tags []types.Tag, next *string, err error)
}

func (o *office) userTags(name string) tagging {
	return tagging{
		func(tags []types.Tag) error {
			_, err := o.TagUser(o.ctx, &iam.TagUserInput{UserName: &name, Tags: tags})
			return err
		},
		func(keys ...string) error {
			_, err := o.UntagUser(o.ctx, &iam.UntagUserInput{UserName: &name, TagKeys: keys})
			return err
		},
		func(marker *string) ([]types.Tag, *string, error) {
			out, err := o.ListUserTags(o.ctx, &iam.ListUserTagsInput{UserName: &name, MaxItems: aws.Int32(2), Marker: marker})
			if err != nil {
				return nil, nil, err
			}
			return out.Tags, out.Marker, nil
		},
	}
}

func (o *office) roleTags(name string) tagging {
	return tagging{
		func(tags []types.Tag) error {
			_, err := o.TagRole(o.ctx, &iam.TagRoleInput{RoleName: &name, Tags: tags})
			return err
		},
		func(keys ...string) error {
			_, err := o.UntagRole(o.ctx, &iam.UntagRoleInput{RoleName: &name, TagKeys: keys})
			return err
		},
		func(marker *string) ([]types.Tag, *string, error) {
			out, err := o.ListRoleTags(o.ctx, &iam.ListRoleTagsInput{RoleName: &name, MaxItems: aws.Int32(2), Marker: marker})
			if err != nil {
				return nil, nil, err
			}
			return out.Tags, out.Marker, nil
		},
	}
}

func (o *office) policyTags(arn string) tagging {
	return tagging{
		func(tags []types.Tag) error {
			_, err := o.TagPolicy(o.ctx, &iam.TagPolicyInput{PolicyArn: &arn, Tags: tags})
			return err
		},
		func(keys ...string) error {
			_, err := o.UntagPolicy(o.ctx, &iam.UntagPolicyInput{PolicyArn: &arn, TagKeys: keys})
			return err
		},
		func(marker *string) ([]types.Tag, *string, error) {
			out, err := o.ListPolicyTags(o.ctx, &iam.ListPolicyTagsInput{PolicyArn: &arn, MaxItems: aws.Int32(2), Marker: marker})
			if err != nil {
				return nil, nil, err
			}
			return out.Tags, out.Marker, nil
		},
	}
}

func tags(pairs ...string) (list []types.Tag) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, types.Tag{Key: &pairs[i], Value: &pairs[i+1]})
	}
	return list
}

// shown are all tags as text.
func (g tagging) shown(t *testing.T) string {
	t.Helper()
	var all []string
	for marker := (*string)(nil); ; {
		page, next, err := g.list(marker)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > 2 {
			t.Errorf("%d tags on a page of two", len(page))
		}
		for _, tag := range page {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		if marker = next; marker == nil {
			return strings.Join(all, " ")
		}
	}
}

// Users, roles and policies have tags, whose keys differ regardless of case.
func TestTagsOfIAM(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.user("ada")
	o.role("worker", aws.String(trustNobody), statement("Allow", "a:b"))
	const absent = "arn:aws:iam::123456789012:policy/nonesuch"
	for name, g := range map[string]struct{ there, absent tagging }{
		"user":   {o.userTags("ada"), o.userTags("nobody")},
		"role":   {o.roleTags("worker"), o.roleTags("nobody")},
		"policy": {o.policyTags(*o.policy("p", statement("Allow", "a:b"))), o.policyTags(absent)},
	} {
		t.Run(name, func(t *testing.T) {
			g.there.live(t)
			wantError(t, g.absent.tag(tags("a", "1")), "NoSuchEntity", "")
			wantError(t, g.absent.untag("a"), "NoSuchEntity", "")
			_, _, err := g.absent.list(nil)
			wantError(t, err, "NoSuchEntity", "")
		})
	}
	of := o.policyTags("arn:aws:iam::aws:policy/AdministratorAccess")
	wantError(t, of.tag(tags("a", "1")), "AccessDenied", "")
}

func (g tagging) live(t *testing.T) {
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(g.tag(tags("team", "engines", "cost", "1", "empty", "")))
	ok(g.tag(tags("Team", "brakes", "stage", "test"))) // one key, another value
	if got := g.shown(t); got != "cost=1 empty= stage=test Team=brakes" {
		t.Errorf("tags %q", got)
	}
	ok(g.untag("TEAM", "nonesuch"))
	if got := g.shown(t); got != "cost=1 empty= stage=test" {
		t.Errorf("tags %q", got)
	}
	wantError(t, g.tag(tags("a", "1", "A", "2")), "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
	wantError(t, g.tag(tags("aws:team", "x")), "InvalidInput", "")
	_, _, err := g.list(aws.String("forged"))
	wantError(t, err, "ValidationError", "Invalid Marker.")
	var many []string
	for i := range 48 { // 51 with the three that are there
		many = append(many, fmt.Sprintf("k%02d", i), "v")
	}
	wantError(t, g.tag(tags(many...)), "LimitExceeded", "")
	if got := g.shown(t); got != "cost=1 empty= stage=test" {
		t.Errorf("a refused call left %q", got)
	}
	ok(g.tag(tags(many[2:]...)))
}
