package userpool_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/google/go-cmp/cmp"
)

func (w *world) tag(arn *string, tags map[string]string) error {
	_, err := w.TagResource(w.t.Context(), &idp.TagResourceInput{ResourceArn: arn, Tags: tags})
	return err
}

func (w *world) tagsOf(arn *string) map[string]string {
	w.t.Helper()
	out, err := w.ListTagsForResource(w.t.Context(), &idp.ListTagsForResourceInput{ResourceArn: arn})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.Tags
}

func TestTags(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool(func(in *idp.CreateUserPoolInput) {
			in.UserPoolTags = map[string]string{"team": "blue", "stage": "test"}
		})
		if err := w.tag(p.Arn, map[string]string{"team": "red", "Größe": "XL 1"}); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"team": "red", "stage": "test", "Größe": "XL 1"}
		if diff := cmp.Diff(want, w.tagsOf(p.Arn)); diff != "" {
			t.Error(diff)
		}
		if _, err := w.UntagResource(t.Context(), &idp.UntagResourceInput{ResourceArn: p.Arn, TagKeys: []string{"stage", "absent"}}); err != nil {
			t.Fatal(err)
		}
		delete(want, "stage")
		if diff := cmp.Diff(want, w.described(p).UserPoolTags); diff != "" {
			t.Error("as the pool is described:", diff)
		}
		// An update replaces them.
		if _, err := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		if tags := w.tagsOf(p.Arn); len(tags) != 0 {
			t.Errorf("tags %v", tags)
		}
	})
}

func TestTagRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	in := func(old, new string) *string { return aws.String(strings.Replace(*p.Arn, old, new, 1)) }
	many := func(n int) map[string]string {
		tags := make(map[string]string)
		for i := range n {
			tags[fmt.Sprint("t", i)] = ""
		}
		return tags
	}
	one := many(1)
	for _, test := range []struct {
		name          string
		arn           *string
		tags          map[string]string
		code, message string
	}{
		{"no such pool", in(*p.Id, "us-east-1_Nowhere00"), one, "ResourceNotFoundException", "User pool us-east-1_Nowhere00 does not exist."},
		{"another region", in(":us-east-1:", ":eu-west-1:"), one, "ResourceNotFoundException",
			"Resource " + *in(":us-east-1:", ":eu-west-1:") + " does not exist."},
		{"another account", in(account, "999999999999"), one, "ResourceNotFoundException",
			"Resource " + *in(account, "999999999999") + " does not exist."},
		{"another service", in("cognito-idp", "iam"), one, invalidParameter, *in("cognito-idp", "iam") + " is not the ARN of a user pool."},
		{"too many", p.Arn, many(51), invalidParameter, "A user pool can have at most 50 tags."},
		{"reserved", p.Arn, map[string]string{"aws:team": "x"}, invalidParameter, "Tag keys that begin with aws: are reserved."},
		{"strange", p.Arn, map[string]string{"team": "<blue>"}, invalidParameter,
			"Tags can hold letters, numbers, spaces and the characters _ . : / = + - @ only."},
	} {
		t.Run(test.name, func(t *testing.T) { wants(t, w.tag(test.arn, test.tags), test.code, test.message) })
	}
	if err := w.tag(p.Arn, many(50)); err != nil {
		t.Fatal(err)
	}
	wants(t, w.tag(p.Arn, map[string]string{"one more": ""}), invalidParameter, "A user pool can have at most 50 tags.")
	if n := len(w.tagsOf(p.Arn)); n != 50 {
		t.Errorf("%d tags", n)
	}
}
