package userpool_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const certificateARN = "arn:aws:acm:us-east-1:123456789012:certificate/0f1e2d3c"

// domain creates a prefix domain, as change alters it.
func (w *world) domain(p *types.UserPoolType, name string, change ...func(*idp.CreateUserPoolDomainInput)) *idp.CreateUserPoolDomainOutput {
	w.t.Helper()
	in := &idp.CreateUserPoolDomainInput{UserPoolId: p.Id, Domain: &name}
	for _, f := range change {
		f(in)
	}
	out, err := w.CreateUserPoolDomain(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *world) removeDomain(p *types.UserPoolType, name string) {
	w.t.Helper()
	if _, err := w.DeleteUserPoolDomain(w.t.Context(), &idp.DeleteUserPoolDomainInput{UserPoolId: p.Id, Domain: &name}); err != nil {
		w.t.Fatal(err)
	}
}

func custom(in *idp.CreateUserPoolDomainInput) {
	in.CustomDomainConfig = &types.CustomDomainConfigType{CertificateArn: aws.String(certificateARN)}
}

func (w *world) describeDomain(name string) *types.DomainDescriptionType {
	w.t.Helper()
	out, err := w.DescribeUserPoolDomain(w.t.Context(), &idp.DescribeUserPoolDomainInput{Domain: &name})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.DomainDescription
}

// domainsOf returns the prefix and the custom domain that a pool shows.
func (w *world) domainsOf(p *types.UserPoolType) [2]string {
	w.t.Helper()
	out, err := w.DescribeUserPool(w.t.Context(), &idp.DescribeUserPoolInput{UserPoolId: p.Id})
	if err != nil {
		w.t.Fatal(err)
	}
	return [2]string{aws.ToString(out.UserPool.Domain), aws.ToString(out.UserPool.CustomDomain)}
}

func TestDomain(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		created := w.domain(p, "shop")
		if created.CloudFrontDomain != nil || aws.ToInt32(created.ManagedLoginVersion) != 1 {
			t.Errorf("created %+v", created)
		}
		want := &types.DomainDescriptionType{
			UserPoolId: p.Id, AWSAccountId: aws.String(account), Domain: aws.String("shop"), Status: "ACTIVE",
			CloudFrontDistribution: aws.String("127.0.0.1"), Version: aws.String(w.clock.Now().UTC().Format("20060102150405")),
			CustomDomainConfig: &types.CustomDomainConfigType{}, ManagedLoginVersion: aws.Int32(1),
		}
		if diff := cmp.Diff(want, w.describeDomain("shop"), unexported); diff != "" {
			t.Error(diff)
		}
		w.domain(p, "auth.shop.example.org", custom)
		if got, want := w.domainsOf(p), [2]string{"shop", "auth.shop.example.org"}; got != want {
			t.Errorf("the pool shows %q, want %q", got, want)
		}
		// An update of the pool's settings, which replaces them, leaves its domains.
		if _, err := w.UpdateUserPool(t.Context(), &idp.UpdateUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Fatal(err)
		}
		if got, want := w.domainsOf(p), [2]string{"shop", "auth.shop.example.org"}; got != want {
			t.Errorf("after an update the pool shows %q, want %q", got, want)
		}

		w.removeDomain(p, "shop")
		if diff := cmp.Diff(&types.DomainDescriptionType{}, w.describeDomain("shop"), unexported); diff != "" {
			t.Error("after its deletion:", diff)
		}
		_, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id})
		wants(t, err, invalidParameter, "User pool cannot be deleted. It has a domain configured that should be deleted first.")
		w.removeDomain(p, "auth.shop.example.org")
		if got, want := w.domainsOf(p), [2]string{}; got != want {
			t.Errorf("the pool shows %q, want none", got)
		}
		if _, err := w.DeleteUserPool(t.Context(), &idp.DeleteUserPoolInput{UserPoolId: p.Id}); err != nil {
			t.Error(err)
		}
	})
}

func TestUpdateDomain(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	created := w.domain(p, "auth.shop.example.org", custom)
	if aws.ToString(created.CloudFrontDomain) != "127.0.0.1" {
		t.Errorf("created %+v", created)
	}
	renewed := aws.String(certificateARN + "-renewed")
	updated, err := w.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{
		UserPoolId: p.Id, Domain: aws.String("auth.shop.example.org"), CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: renewed},
	})
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(updated.CloudFrontDomain) != "127.0.0.1" || aws.ToInt32(updated.ManagedLoginVersion) != 1 {
		t.Errorf("updated %+v", updated)
	}
	_, err = w.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{
		UserPoolId: p.Id, Domain: aws.String("auth.shop.example.org"), ManagedLoginVersion: aws.Int32(2),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := w.describeDomain("auth.shop.example.org")
	if *got.CustomDomainConfig.CertificateArn != *renewed || *got.ManagedLoginVersion != 2 {
		t.Errorf("described %+v", got)
	}
}

func TestDomainRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.domain(w.pool(), "taken")
	w.domain(w.pool(), "auth.taken.example.org", custom)
	had := w.pool()
	w.domain(had, "mine")
	lite := w.pool(func(in *idp.CreateUserPoolInput) { in.UserPoolTier = "LITE" })
	none := func(*idp.CreateUserPoolDomainInput) {}
	of := func(p *types.UserPoolType) func(*idp.CreateUserPoolDomainInput) {
		return func(in *idp.CreateUserPoolDomainInput) { in.UserPoolId = p.Id }
	}
	version := func(n int32) func(*idp.CreateUserPoolDomainInput) {
		return func(in *idp.CreateUserPoolDomainInput) { in.ManagedLoginVersion = aws.Int32(n) }
	}
	const invalidCharacter = "The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, and hyphens. " +
		`Please enter a different name that follows this format: ^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`
	tests := []struct {
		name          string
		domain        string
		change        func(*idp.CreateUserPoolDomainInput)
		code, message string
	}{
		{"taken", "taken", none, invalidParameter, "Domain already associated with another user pool."},
		{"taken custom domain", "auth.taken.example.org", custom, invalidParameter, "Domain already associated with another user pool."},
		{"second of a pool", "more", of(had), invalidParameter, "User pool already has a domain configured."},
		{"upper case", "Shop", none, invalidParameter, invalidCharacter},
		{"final hyphen", "shop-", none, invalidParameter, invalidCharacter},
		{"custom domain without a certificate", "auth.shop.example.org", none, invalidParameter, invalidCharacter},
		{"aws", "my-aws-shop", none, invalidParameter, "Domain cannot contain reserved word: aws"},
		{"amazon", "myamazonshop", none, invalidParameter, "Domain cannot contain reserved word: amazon"},
		{"cognito", "newcognito", none, invalidParameter, "Domain cannot contain reserved word: cognito"},
		{"custom without a dot", "shop", custom, invalidParameter, "Custom domain is not a valid subdomain."},
		{"custom with a scheme", "https://shop.example.org", custom, invalidParameter, "Custom domain is not a valid subdomain."},
		{"version", "shop", version(3), invalidParameter, "ManagedLoginVersion must be 1 or 2."},
		{"plan", "shop", func(in *idp.CreateUserPoolDomainInput) { version(2)(in); of(lite)(in) }, "FeatureUnavailableInTierException",
			"The following features need to be disabled for the LITE pricing tier configured: Managed Login"},
		{"routing of a prefix", "shop", func(in *idp.CreateUserPoolDomainInput) { in.Routing = &types.RoutingType{} }, invalidParameter,
			"Routing is supported for custom domains only."},
		{"no pool", "shop", func(in *idp.CreateUserPoolDomainInput) { in.UserPoolId = aws.String("us-east-1_Nowhere00") }, resourceNotFound,
			"User pool us-east-1_Nowhere00 does not exist."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := &idp.CreateUserPoolDomainInput{UserPoolId: p.Id, Domain: &test.domain}
			test.change(in)
			_, err := w.CreateUserPoolDomain(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	w.domain(p, "dawson") // holds aws, and is none

	const unknown = "No such domain or user pool exists."
	for _, name := range []string{"nothing", "taken"} { // taken is another pool's
		_, err := w.DeleteUserPoolDomain(t.Context(), &idp.DeleteUserPoolDomainInput{UserPoolId: p.Id, Domain: &name})
		wants(t, err, invalidParameter, unknown)
		_, err = w.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{UserPoolId: p.Id, Domain: &name})
		wants(t, err, invalidParameter, unknown)
	}
	_, err := w.UpdateUserPoolDomain(t.Context(), &idp.UpdateUserPoolDomainInput{
		UserPoolId: p.Id, Domain: aws.String("dawson"), CustomDomainConfig: &types.CustomDomainConfigType{CertificateArn: aws.String(certificateARN)},
	})
	wants(t, err, invalidParameter, "User pool should have a custom domain associated, failed to update the certificate.")
}

// TestDomainOfAnotherRegion asks for a domain where its pool is not.
func TestDomainOfAnotherRegion(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.domain(w.pool(), "shop")
	out, err := w.clientIn("eu-central-1").DescribeUserPoolDomain(t.Context(), &idp.DescribeUserPoolDomainInput{Domain: aws.String("shop")})
	if err != nil {
		t.Fatal(err)
	}
	if out.DomainDescription.UserPoolId != nil {
		t.Errorf("described %+v", out.DomainDescription)
	}
}
