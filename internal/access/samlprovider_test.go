package access_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"pintail/internal/idp/idptest"
	"pintail/internal/testkit"
)

// samlProvider makes a SAML provider of the account and returns its ARN.
func (o *office) samlProvider(name string, p *idptest.SAML) *string {
	o.Helper()
	made, err := o.CreateSAMLProvider(o.ctx, &iam.CreateSAMLProviderInput{Name: &name, SAMLMetadataDocument: aws.String(p.Metadata())})
	o.must(err)
	return made.SAMLProviderArn
}

func TestSAMLProvider(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := idptest.NewSAML(t, o.server.Clock)
	arn := o.samlProvider("Office", p)
	if *arn != "arn:aws:iam::123456789012:saml-provider/Office" {
		t.Errorf("ARN %s", *arn)
	}
	_, err := o.CreateSAMLProvider(o.ctx, &iam.CreateSAMLProviderInput{Name: aws.String("OFFICE"), SAMLMetadataDocument: aws.String(p.Metadata())})
	wantError(t, err, "EntityAlreadyExists", "")
	_, err = o.CreateSAMLProvider(o.ctx, &iam.CreateSAMLProviderInput{Name: aws.String("bad"), SAMLMetadataDocument: aws.String("<a>" + strings.Repeat("x", 1000) + "</a>")})
	wantError(t, err, "InvalidInput", "Could not parse metadata")
	_, err = o.TagSAMLProvider(o.ctx, &iam.TagSAMLProviderInput{SAMLProviderArn: arn, Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("engines")}}})
	o.must(err)
	before := p.Metadata()
	p.Rotate()
	_, err = o.UpdateSAMLProvider(o.ctx, &iam.UpdateSAMLProviderInput{SAMLProviderArn: arn, SAMLMetadataDocument: aws.String(p.Metadata())})
	o.must(err)
	got, err := o.GetSAMLProvider(o.ctx, &iam.GetSAMLProviderInput{SAMLProviderArn: arn})
	o.must(err)
	if *got.SAMLMetadataDocument == before || *got.SAMLMetadataDocument != p.Metadata() || got.ValidUntil.Before(time.Now()) || *got.Tags[0].Value != "engines" || *got.SAMLProviderUUID == "" {
		t.Errorf("provider %+v", got)
	}
	list, err := o.ListSAMLProviders(o.ctx, &iam.ListSAMLProvidersInput{})
	o.must(err)
	tags, err := o.ListSAMLProviderTags(o.ctx, &iam.ListSAMLProviderTagsInput{SAMLProviderArn: arn})
	o.must(err)
	if len(list.SAMLProviderList) != 1 || *list.SAMLProviderList[0].Arn != *arn || len(tags.Tags) != 1 {
		t.Errorf("%+v %+v", list, tags)
	}
	_, err = o.UntagSAMLProvider(o.ctx, &iam.UntagSAMLProviderInput{SAMLProviderArn: arn, TagKeys: []string{"team"}})
	o.must(err)
	_, err = o.DeleteSAMLProvider(o.ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn})
	o.must(err)
	_, err = o.DeleteSAMLProvider(o.ctx, &iam.DeleteSAMLProviderInput{SAMLProviderArn: arn})
	wantError(t, err, "NoSuchEntity", "")
}

const samlAttributes = "https://aws.amazon.com/SAML/Attributes/"

func TestAssumeRoleWithSAML(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	p := idptest.NewSAML(t, o.server.Clock)
	provider := o.samlProvider("Office", p)
	trust := aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"` + *provider + `"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession","sts:SetSourceIdentity"],
		"Condition":{"StringEquals":{"saml:aud":"https://signin.aws.amazon.com/saml","saml:iss":"` + p.EntityID + `"}}}]}`)
	role := o.role("clerk", trust, aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"mobiletargeting:GetApps","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"engines","aws:SourceIdentity":"ada"}}}]}`))
	says := func(change ...func(*idptest.SAMLResponse)) *string {
		r := idptest.SAMLResponse{
			Audience: "urn:amazon:webservices", Recipient: "https://signin.aws.amazon.com/saml", NameID: "ada@example.org",
			NameIDFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
			Attributes: []idptest.SAMLAttribute{
				{Name: samlAttributes + "Role", Values: []string{*role + "," + *provider}},
				{Name: samlAttributes + "RoleSessionName", Values: []string{"ada"}},
				{Name: samlAttributes + "SourceIdentity", Values: []string{"ada"}},
				{Name: samlAttributes + "PrincipalTag:team", Values: []string{"engines"}},
				{Name: samlAttributes + "SessionDuration", Values: []string{"1800"}},
			},
		}
		for _, f := range change {
			f(&r)
		}
		return aws.String(p.Respond(r))
	}
	ask := func(role, provider, assertion *string) (*sts.AssumeRoleWithSAMLOutput, error) {
		return o.server.STS(testkit.Keys{}).AssumeRoleWithSAML(o.ctx, &sts.AssumeRoleWithSAMLInput{RoleArn: role, PrincipalArn: provider, SAMLAssertion: assertion})
	}
	assertion := says()
	out, err := ask(role, provider, assertion)
	o.must(err)
	if *out.AssumedRoleUser.Arn != "arn:aws:sts::123456789012:assumed-role/clerk/ada" || *out.Subject != "ada@example.org" || *out.SubjectType != "persistent" ||
		*out.Issuer != p.EntityID || *out.Audience != "https://signin.aws.amazon.com/saml" || *out.SourceIdentity != "ada" || len(*out.NameQualifier) != 28 {
		t.Errorf("%+v", out)
	}
	if left := time.Until(*out.Credentials.Expiration); left > 30*time.Minute || left < 29*time.Minute {
		t.Errorf("they last %v", left)
	}
	o.must(o.listsApps(keysOf(out.Credentials)))

	other := o.role("other", trust, statement("Allow", "a:b"))
	_, err = ask(other, provider, says()) // which the assertion does not name
	wantError(t, err, "AccessDenied", "Not authorized to perform sts:AssumeRoleWithSAML")
	_, err = ask(role, aws.String("arn:aws:iam::123456789012:saml-provider/Nobody"), assertion)
	wantError(t, err, "InvalidIdentityToken", "Specified provider doesn't exist")
	for name, test := range map[string]struct {
		change        func(*idptest.SAMLResponse)
		code, message string
	}{
		"audience":     {func(r *idptest.SAMLResponse) { r.Audience = "urn:somebody" }, "InvalidIdentityToken", "Response does not contain the required audience"},
		"recipient":    {func(r *idptest.SAMLResponse) { r.Recipient = "https://example.org/saml" }, "InvalidIdentityToken", ""},
		"session name": {func(r *idptest.SAMLResponse) { r.Attributes = r.Attributes[:1] }, "InvalidIdentityToken", "RoleSessionName is required in AuthnResponse"},
		"bad name":     {func(r *idptest.SAMLResponse) { r.Attributes[1].Values = []string{"a b"} }, "InvalidIdentityToken", "RoleSessionName in AuthnResponse must match"},
		"wrapped tags": {func(r *idptest.SAMLResponse) { r.Attributes[3].Name = samlAttributes + "PrincipalTag:aws:x" }, "InvalidParameterValue", "reserved"},
	} {
		_, err := ask(role, provider, says(test.change))
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		wantError(t, err, test.code, test.message)
	}
	stranger := idptest.NewSAML(t, o.server.Clock)
	forged := idptest.SAMLResponse{Audience: "urn:amazon:webservices", Recipient: "https://signin.aws.amazon.com/saml", NameID: "eve"}
	_, err = ask(role, provider, aws.String(stranger.Respond(forged)))
	wantError(t, err, "InvalidIdentityToken", "Response signature invalid")
}
