package identitypool_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"

	"pintail/internal/testkit"
)

func TestTags(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		arn := "arn:aws:cognito-identity:us-east-1:" + testkit.Account + ":identitypool/" + w.p.IdentityPool
		tag := func(arn string, tags map[string]string) error {
			_, err := w.root.TagResource(w.ctx, &cognitoidentity.TagResourceInput{ResourceArn: &arn, Tags: tags})
			return err
		}
		wants := func(want map[string]string) {
			w.t.Helper()
			out, err := w.root.ListTagsForResource(w.ctx, &cognitoidentity.ListTagsForResourceInput{ResourceArn: &arn})
			must(w.t, err)
			if fmt.Sprint(out.Tags) != fmt.Sprint(want) {
				w.t.Errorf("tags %v, want %v", out.Tags, want)
			}
		}
		wants(map[string]string{})
		must(w.t, tag(arn, map[string]string{"stage": "test", "team": "blue"}))
		must(w.t, tag(arn, map[string]string{"team": "red"}))
		wants(map[string]string{"stage": "test", "team": "red"})
		w.update(func(*cognitoidentity.UpdateIdentityPoolInput) {}) // which names no tags
		_, err := w.root.UntagResource(w.ctx, &cognitoidentity.UntagResourceInput{ResourceArn: &arn, TagKeys: []string{"stage", "absent"}})
		must(w.t, err)
		wants(map[string]string{"team": "red"})

		many := map[string]string{}
		for n := range 50 {
			many[fmt.Sprint(n)] = "x"
		}
		wantError(w.t, tag(arn, many), "InvalidParameterException", "at most 50 tags")
		wantError(w.t, tag(arn, map[string]string{"aws:team": "x"}), "InvalidParameterException", "reserved")
		wantError(w.t, tag("arn:aws:cognito-identity:us-east-1:"+testkit.Account+":identitypool/us-east-1:11111111-2222-3333-4444-555555555555", map[string]string{"a": "b"}),
			"ResourceNotFoundException", "not found")
		wantError(w.t, tag("arn:aws:cognito-identity:us-east-1:210987654321:identitypool/"+w.p.IdentityPool, map[string]string{"a": "b"}),
			"ResourceNotFoundException", "does not exist")
		wantError(w.t, tag("arn:aws:cognito-idp:us-east-1:"+testkit.Account+":userpool/"+w.p.UserPool, map[string]string{"a": "b"}),
			"InvalidParameterException", "not the ARN of an identity pool")
		wants(map[string]string{"team": "red"})

		made, err := w.root.CreateIdentityPool(w.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("tagged"), IdentityPoolTags: map[string]string{"a": "b"}})
		must(w.t, err)
		arn = "arn:aws:cognito-identity:us-east-1:" + testkit.Account + ":identitypool/" + *made.IdentityPoolId
		wants(map[string]string{"a": "b"})
	})
}
