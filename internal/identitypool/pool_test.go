package identitypool_test

import (
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentity/types"
)

// An update replaces the pool: what it does not name is gone.
func TestUpdateReplaces(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.AllowClassicFlow, in.DeveloperProviderName = new(true), new(developer)
			in.SupportedLoginProviders = map[string]string{"graph.facebook.com": "7346241598935552"}
			in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::123456789012:oidc-provider/auth.example.org/x"}
			in.SamlProviderARNs = []string{"arn:aws:iam::123456789012:saml-provider/corp"}
			in.IdentityPoolTags = map[string]string{"stage": "test"}
		})
		out, err := w.root.DescribeIdentityPool(w.ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
		must(w.t, err)
		if len(out.SupportedLoginProviders) != 1 || len(out.OpenIdConnectProviderARNs) != 1 || len(out.SamlProviderARNs) != 1 ||
			len(out.CognitoIdentityProviders) != 1 || !aws.ToBool(out.AllowClassicFlow) || *out.DeveloperProviderName != developer {
			w.t.Errorf("the pool is %+v", out)
		}
		_, err = w.root.UpdateIdentityPool(w.ctx, &cognitoidentity.UpdateIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool, IdentityPoolName: aws.String("bare")})
		must(w.t, err)
		out, err = w.root.DescribeIdentityPool(w.ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
		must(w.t, err)
		if *out.IdentityPoolName != "bare" || out.AllowUnauthenticatedIdentities || aws.ToBool(out.AllowClassicFlow) || len(out.SupportedLoginProviders) != 0 ||
			len(out.OpenIdConnectProviderARNs) != 0 || len(out.SamlProviderARNs) != 0 || len(out.CognitoIdentityProviders) != 0 {
			w.t.Errorf("the pool is %+v", out)
		}
		// What is set for good stays, and so do tags and roles, which have operations of their own.
		if aws.ToString(out.DeveloperProviderName) != developer || out.IdentityPoolTags["stage"] != "test" {
			w.t.Errorf("developer provider %v, tags %v", out.DeveloperProviderName, out.IdentityPoolTags)
		}
		roles, err := w.root.GetIdentityPoolRoles(w.ctx, &cognitoidentity.GetIdentityPoolRolesInput{IdentityPoolId: &w.p.IdentityPool})
		must(w.t, err)
		if len(roles.Roles) != 2 {
			w.t.Errorf("roles %v", roles.Roles)
		}
	})
}

func TestSettingsThatNoPoolHas(t *testing.T) {
	t.Parallel()
	w := boot(t)
	w.developers()
	update := func(change func(*cognitoidentity.UpdateIdentityPoolInput)) error {
		in := cognitoidentity.UpdateIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool, IdentityPoolName: aws.String("shop")}
		change(&in)
		_, err := w.root.UpdateIdentityPool(w.ctx, &in)
		return err
	}
	many := make([]types.CognitoIdentityProvider, 51)
	for n := range many {
		many[n] = w.provider(w.p, false)
	}
	for _, test := range []struct {
		code, message string
		change        func(*cognitoidentity.UpdateIdentityPoolInput)
	}{
		{"InvalidParameterException", "cannot be changed", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("login.other")
		}},
		{"InvalidParameterException", "a public provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("graph.facebook.com")
		}},
		{"InvalidParameterException", "a public provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.DeveloperProviderName = aws.String("cognito-identity.amazonaws.com")
		}},
		{"InvalidParameterException", "valid public provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.SupportedLoginProviders = map[string]string{"example.org": "1"}
		}},
		{"InvalidParameterException", "OpenID Connect provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.OpenIdConnectProviderARNs = []string{"arn:aws:iam::123456789012:saml-provider/corp"}
		}},
		{"InvalidParameterException", "SAML provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.SamlProviderARNs = []string{"arn:aws:iam::123456789012:oidc-provider/auth.example.org"}
		}},
		{"InvalidParameterException", "user pool provider", func(in *cognitoidentity.UpdateIdentityPoolInput) {
			in.CognitoIdentityProviders = []types.CognitoIdentityProvider{{ProviderName: aws.String("graph.facebook.com"), ClientId: aws.String("1")}}
		}},
		{"LimitExceededException", "at most 50", func(in *cognitoidentity.UpdateIdentityPoolInput) { in.CognitoIdentityProviders = many }},
		{"InvalidParameterException", "failed to satisfy constraint", func(in *cognitoidentity.UpdateIdentityPoolInput) { in.IdentityPoolName = aws.String("a/b") }},
	} {
		wantError(t, update(test.change), test.code, test.message)
	}
}

// A policy speaks of the pools of a region. Signing for another one is no way around it.
func TestPoolsOfAnotherRegion(t *testing.T) {
	t.Parallel()
	w := boot(t)
	abroad := cognitoidentity.NewFromConfig(w.AWS(w.RootKeys()), func(o *cognitoidentity.Options) { o.Region = "eu-west-1" })
	const want = "ResourceNotFoundException"
	_, err := abroad.DescribeIdentityPool(w.ctx, &cognitoidentity.DescribeIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
	wantError(t, err, want, "IdentityPool '"+w.p.IdentityPool+"' not found.")
	_, err = abroad.DeleteIdentityPool(w.ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
	wantError(t, err, want, "not found")
	guest := w.id(nil)
	_, err = abroad.DescribeIdentity(w.ctx, &cognitoidentity.DescribeIdentityInput{IdentityId: &guest})
	wantError(t, err, want, "not found")
	out, err := abroad.DeleteIdentities(w.ctx, &cognitoidentity.DeleteIdentitiesInput{IdentityIdsToDelete: []string{guest}})
	must(t, err)
	if len(out.UnprocessedIdentityIds) != 1 {
		t.Error("an identity of another region was deleted")
	}
	made, err := abroad.CreateIdentityPool(w.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: aws.String("abroad"), AllowUnauthenticatedIdentities: true})
	must(t, err)
	for client, want := range map[*cognitoidentity.Client]string{abroad: *made.IdentityPoolId, w.root: w.p.IdentityPool} {
		list, err := client.ListIdentityPools(w.ctx, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(10)})
		must(t, err)
		if len(list.IdentityPools) != 1 || *list.IdentityPools[0].IdentityPoolId != want {
			t.Errorf("listed %v, want %s alone", list.IdentityPools, want)
		}
	}
	// Visitors sign nothing; their identities are of the pool's region.
	got, err := w.anyone.GetId(w.ctx, &cognitoidentity.GetIdInput{IdentityPoolId: made.IdentityPoolId})
	must(t, err)
	if (*got.IdentityId)[:10] != "eu-west-1:" {
		t.Errorf("identity %s", *got.IdentityId)
	}
}

// Nobody gets credentials of a pool that has changed its mind.
func TestPoolThatClosesItsDoors(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		guest, ada := w.id(nil), w.user(w.p, "ada")
		user := w.id(ada)
		w.enters(guest, nil, guest)
		w.enters(user, ada, user)
		w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) { in.AllowUnauthenticatedIdentities = false })
		w.refused(guest, nil, "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
		_, err := w.getID(nil)
		wantError(w.t, err, "NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.")
		w.enters(user, ada, user)
		w.update(func(in *cognitoidentity.UpdateIdentityPoolInput) { in.CognitoIdentityProviders = nil })
		w.refused(user, ada, "NotAuthorizedException", "Token is not from a supported provider of this identity pool.")
		w.update(func(*cognitoidentity.UpdateIdentityPoolInput) {})
		w.enters(user, ada, user)
		_, err = w.root.DeleteIdentityPool(w.ctx, &cognitoidentity.DeleteIdentityPoolInput{IdentityPoolId: &w.p.IdentityPool})
		must(w.t, err)
		w.refused(guest, nil, "ResourceNotFoundException", "not found")
		w.refused(user, ada, "ResourceNotFoundException", "not found")
		_, err = w.getID(ada)
		wantError(w.t, err, "ResourceNotFoundException", "IdentityPool '"+w.p.IdentityPool+"' not found.")
	})
}

// Pools are listed in pages, and a page's token is good for its list alone.
func TestListIdentityPools(t *testing.T) {
	onEveryEngine(t, func(w *world) {
		want := map[string]string{w.p.IdentityPool: "shop"}
		for _, name := range []string{"a", "b", "c", "d"} {
			made, err := w.root.CreateIdentityPool(w.ctx, &cognitoidentity.CreateIdentityPoolInput{IdentityPoolName: &name})
			must(w.t, err)
			want[*made.IdentityPoolId] = name
		}
		pages := cognitoidentity.NewListIdentityPoolsPaginator(w.root, &cognitoidentity.ListIdentityPoolsInput{MaxResults: aws.Int32(2)})
		seen := map[string]string{}
		for pages.HasMorePages() {
			page, err := pages.NextPage(w.ctx)
			must(w.t, err)
			if len(page.IdentityPools) > 2 {
				w.t.Errorf("%d pools on a page of two", len(page.IdentityPools))
			}
			for _, p := range page.IdentityPools {
				if seen[*p.IdentityPoolId] != "" {
					w.t.Errorf("%s is listed twice", *p.IdentityPoolName)
				}
				seen[*p.IdentityPoolId] = *p.IdentityPoolName
			}
		}
		if !maps.Equal(seen, want) {
			w.t.Errorf("listed %v, want %v", seen, want)
		}
		for _, in := range []cognitoidentity.ListIdentityPoolsInput{
			{MaxResults: aws.Int32(2), NextToken: aws.String("forged")}, {MaxResults: aws.Int32(0)}, {MaxResults: aws.Int32(61)},
		} {
			_, err := w.root.ListIdentityPools(w.ctx, &in)
			wantError(w.t, err, "InvalidParameterException", "")
		}
	})
}
