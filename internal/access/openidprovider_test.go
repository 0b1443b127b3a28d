package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

// Providers have as many clients and thumbprints as IAM's quotas let them, and an account
// as many providers.
func TestOpenIDConnectProviderLimits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	create := func(url string, clients, thumbprints []string) (arn *string, err error) {
		out, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url, ClientIDList: clients, ThumbprintList: thumbprints})
		if err != nil {
			return nil, err
		}
		return out.OpenIDConnectProviderArn, nil
	}
	var clients, thumbprints []string
	for i := range 100 {
		clients = append(clients, fmt.Sprint("app-", i))
	}
	for i := range 6 {
		thumbprints = append(thumbprints, strings.Repeat(fmt.Sprint(i), 40))
	}
	_, err := create("https://login.example.org", nil, thumbprints)
	wantError(t, err, "InvalidInput", "Thumbprint list must contain")
	arn, err := create("https://login.example.org", clients, thumbprints[:5])
	o.must(err)
	_, err = o.AddClientIDToOpenIDConnectProvider(o.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("one-more")})
	wantError(t, err, "LimitExceeded", "100")
	_, err = o.UpdateOpenIDConnectProviderThumbprint(o.ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: thumbprints})
	wantError(t, err, "InvalidInput", "Thumbprint list must contain")
	got, err := o.GetOpenIDConnectProvider(o.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	o.must(err)
	if len(got.ClientIDList) != 100 || len(got.ThumbprintList) != 5 {
		t.Errorf("%d clients, %d thumbprints", len(got.ClientIDList), len(got.ThumbprintList))
	}
	for i := range 99 {
		_, err := create(fmt.Sprint("https://login.example.org/", i), nil, nil)
		o.must(err)
	}
	_, err = create("https://login.example.org/one-more", nil, nil)
	wantError(t, err, "LimitExceeded", "Cannot exceed quota for OpenIdConnectProvidersPerAccount: 100")
	absent := aws.String("arn:aws:iam::123456789012:oidc-provider/nobody.example.org")
	_, err = o.TagOpenIDConnectProvider(o.ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: absent, Tags: tags("a", "1")})
	wantError(t, err, "NoSuchEntity", "OpenIDConnect Provider not found for arn "+*absent)
	_, err = o.RemoveClientIDFromOpenIDConnectProvider(o.ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: absent, ClientID: aws.String("a")})
	wantError(t, err, "NoSuchEntity", *absent)
}

func TestOpenIDConnectProvider(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	print := strings.Repeat("ab", 20)
	made, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{
		Url: aws.String("https://Login.example.org/tenant"), ClientIDList: []string{"app-1"}, ThumbprintList: []string{print},
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("engines")}},
	})
	o.must(err)
	arn := made.OpenIDConnectProviderArn
	if *arn != "arn:aws:iam::123456789012:oidc-provider/login.example.org/tenant" {
		t.Errorf("ARN %s", *arn)
	}
	for url, code := range map[string]string{
		"https://login.example.org/tenant": "EntityAlreadyExists", "http://login.example.org": "InvalidInput", "https://login.example.org:8443": "InvalidInput",
		"https://login.example.org/?a=b": "InvalidInput", "login.example.org": "InvalidInput", "https://eve@login.example.org": "InvalidInput",
	} {
		_, err := o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: &url})
		wantError(t, err, code, "")
	}
	_, err = o.CreateOpenIDConnectProvider(o.ctx, &iam.CreateOpenIDConnectProviderInput{Url: aws.String("https://other.example.org"), ThumbprintList: []string{strings.Repeat("xy", 20)}})
	wantError(t, err, "InvalidInput", "hexadecimal")
	for range 2 { // twice is once
		_, err = o.AddClientIDToOpenIDConnectProvider(o.ctx, &iam.AddClientIDToOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("app-2")})
		o.must(err)
		_, err = o.RemoveClientIDFromOpenIDConnectProvider(o.ctx, &iam.RemoveClientIDFromOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, ClientID: aws.String("app-1")})
		o.must(err)
	}
	_, err = o.UpdateOpenIDConnectProviderThumbprint(o.ctx, &iam.UpdateOpenIDConnectProviderThumbprintInput{OpenIDConnectProviderArn: arn, ThumbprintList: []string{print, print}})
	o.must(err)
	_, err = o.TagOpenIDConnectProvider(o.ctx, &iam.TagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, Tags: []types.Tag{{Key: aws.String("cost"), Value: aws.String("1")}}})
	o.must(err)
	_, err = o.UntagOpenIDConnectProvider(o.ctx, &iam.UntagOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn, TagKeys: []string{"team"}})
	o.must(err)
	got, err := o.GetOpenIDConnectProvider(o.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	o.must(err)
	if *got.Url != "login.example.org/tenant" || fmt.Sprint(got.ClientIDList) != "[app-2]" || len(got.ThumbprintList) != 2 || len(got.Tags) != 1 || *got.Tags[0].Key != "cost" || got.CreateDate == nil {
		t.Errorf("provider %+v", got)
	}
	tags, err := o.ListOpenIDConnectProviderTags(o.ctx, &iam.ListOpenIDConnectProviderTagsInput{OpenIDConnectProviderArn: arn})
	o.must(err)
	list, err := o.ListOpenIDConnectProviders(o.ctx, &iam.ListOpenIDConnectProvidersInput{})
	o.must(err)
	if len(tags.Tags) != 1 || len(list.OpenIDConnectProviderList) != 1 || *list.OpenIDConnectProviderList[0].Arn != *arn {
		t.Errorf("%+v, %+v", tags, list)
	}
	for range 2 {
		_, err = o.DeleteOpenIDConnectProvider(o.ctx, &iam.DeleteOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
		o.must(err)
	}
	_, err = o.GetOpenIDConnectProvider(o.ctx, &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: arn})
	wantError(t, err, "NoSuchEntity", "OpenIDConnect Provider not found for arn")
}
