package userpool_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

// details makes a provider's details of names and values in turn.
func details(pairs ...string) map[string]string {
	m := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

// with returns details with others in their place.
func with(m map[string]string, pairs ...string) map[string]string {
	m = maps.Clone(m)
	maps.Copy(m, details(pairs...))
	return m
}

func without(m map[string]string, names ...string) map[string]string {
	m = maps.Clone(m)
	for _, name := range names {
		delete(m, name)
	}
	return m
}

var (
	googleDetails = details("client_id", "g1", "client_secret", "hush", "authorize_scopes", "openid email")
	oidcDetails   = details("client_id", "o1", "client_secret", "hush", "authorize_scopes", "openid",
		"oidc_issuer", "https://id.example.org", "attributes_request_method", "GET")
	appleDetails = details("client_id", "a1", "team_id", "t1", "key_id", "k1", "private_key", "MIGT", "authorize_scopes", "email name")
	samlDetails  = details("MetadataFile", metadata)
)

const metadata = `<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://saml.example.org">
  <md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://saml.example.org/slo"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://saml.example.org/post"/>
    <md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://saml.example.org/sso"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>`

// provider creates an identity provider.
func (w *world) provider(p *types.UserPoolType, name string, kind types.IdentityProviderTypeType, given map[string]string, change ...func(*idp.CreateIdentityProviderInput)) *types.IdentityProviderType {
	w.t.Helper()
	in := &idp.CreateIdentityProviderInput{UserPoolId: p.Id, ProviderName: &name, ProviderType: kind, ProviderDetails: given}
	for _, f := range change {
		f(in)
	}
	out, err := w.CreateIdentityProvider(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return out.IdentityProvider
}

func (w *world) describeProvider(p *types.UserPoolType, name string) (*types.IdentityProviderType, error) {
	out, err := w.DescribeIdentityProvider(w.t.Context(), &idp.DescribeIdentityProviderInput{UserPoolId: p.Id, ProviderName: &name})
	if err != nil {
		return nil, err
	}
	return out.IdentityProvider, nil
}

func TestIdentityProvider(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		created := w.provider(p, "Google", "Google", googleDetails, func(in *idp.CreateIdentityProviderInput) {
			in.AttributeMapping, in.IdpIdentifiers = details("email", "email"), []string{"example.org"}
		})
		want := &types.IdentityProviderType{
			UserPoolId: p.Id, ProviderName: aws.String("Google"), ProviderType: "Google",
			ProviderDetails: with(googleDetails,
				"attributes_url", "https://people.googleapis.com/v1/people/me?personFields=", "attributes_url_add_attributes", "true",
				"authorize_url", "https://accounts.google.com/o/oauth2/v2/auth", "oidc_issuer", "https://accounts.google.com",
				"token_request_method", "POST", "token_url", "https://www.googleapis.com/oauth2/v4/token"),
			AttributeMapping: details("email", "email", "username", "sub"), IdpIdentifiers: []string{"example.org"},
			CreationDate: aws.Time(w.clock.Now()), LastModifiedDate: aws.Time(w.clock.Now()),
		}
		if diff := cmp.Diff(want, created, unexported); diff != "" {
			t.Error("created:", diff)
		}
		described, err := w.describeProvider(p, "Google")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, described, unexported); diff != "" {
			t.Error("described:", diff)
		}
		found, err := w.GetIdentityProviderByIdentifier(t.Context(), &idp.GetIdentityProviderByIdentifierInput{UserPoolId: p.Id, IdpIdentifier: aws.String("example.org")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found.IdentityProvider, unexported); diff != "" {
			t.Error("found:", diff)
		}
		if _, err := w.DeleteIdentityProvider(t.Context(), &idp.DeleteIdentityProviderInput{UserPoolId: p.Id, ProviderName: aws.String("Google")}); err != nil {
			t.Fatal(err)
		}
		_, err = w.describeProvider(p, "Google")
		wants(t, err, resourceNotFound, "Identity provider Google does not exist.")
		// Its identifier is free again.
		w.provider(p, "Example", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"example.org"} })
	})
}

func TestProviderTypes(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	facebook := details("client_id", "f1", "client_secret", "hush", "authorize_scopes", "public_profile,email", "api_version", "v19.0")
	amazon := details("client_id", "l1", "client_secret", "hush", "authorize_scopes", "profile")
	tests := []struct {
		name           string
		kind           types.IdentityProviderTypeType
		given, details map[string]string
		mapping        map[string]string
	}{
		{"Own", "OIDC", oidcDetails, with(oidcDetails, "attributes_url_add_attributes", "false"), details("username", "sub")},
		{"Local", "OIDC", with(without(oidcDetails, "client_secret"), "oidc_issuer", "http://localhost:8080/realms/x"),
			with(without(oidcDetails, "client_secret"), "oidc_issuer", "http://localhost:8080/realms/x", "attributes_url_add_attributes", "false"), details("username", "sub")},
		{"Facebook", "Facebook", facebook, with(facebook,
			"attributes_url", "https://graph.facebook.com/v19.0/me?fields=", "attributes_url_add_attributes", "true",
			"authorize_url", "https://www.facebook.com/v19.0/dialog/oauth", "token_request_method", "GET",
			"token_url", "https://graph.facebook.com/v19.0/oauth/access_token"), details("username", "id")},
		{"LoginWithAmazon", "LoginWithAmazon", amazon, with(amazon,
			"attributes_url", "https://api.amazon.com/user/profile", "attributes_url_add_attributes", "false",
			"authorize_url", "https://www.amazon.com/ap/oa", "token_request_method", "POST",
			"token_url", "https://api.amazon.com/auth/o2/token"), details("username", "user_id")},
		{"SignInWithApple", "SignInWithApple", appleDetails, with(without(appleDetails, "private_key"),
			"attributes_url_add_attributes", "false", "authorize_url", "https://appleid.apple.com/auth/authorize",
			"oidc_issuer", "https://appleid.apple.com", "token_request_method", "POST",
			"token_url", "https://appleid.apple.com/auth/token"), details("username", "sub")},
		{"Corp", "SAML", samlDetails, with(samlDetails,
			"SSORedirectBindingURI", "https://saml.example.org/sso", "SLORedirectBindingURI", "https://saml.example.org/slo"), nil},
		{"Several", "SAML", details("MetadataFile", "<EntitiesDescriptor>"+metadata[strings.IndexByte(metadata, '\n'):]+"</EntitiesDescriptor>"),
			details("MetadataFile", "<EntitiesDescriptor>"+metadata[strings.IndexByte(metadata, '\n'):]+"</EntitiesDescriptor>",
				"SSORedirectBindingURI", "https://saml.example.org/sso", "SLORedirectBindingURI", "https://saml.example.org/slo"), nil},
		{"Remote", "SAML", details("MetadataURL", "https://saml.example.org/metadata", "IDPSignout", "true"),
			details("MetadataURL", "https://saml.example.org/metadata", "IDPSignout", "true"), nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.provider(p, test.name, test.kind, test.given)
			got, err := w.describeProvider(p, test.name)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.details, got.ProviderDetails); diff != "" {
				t.Error("details:", diff)
			}
			if diff := cmp.Diff(test.mapping, got.AttributeMapping); diff != "" {
				t.Error("mapping:", diff)
			}
		})
	}
}

func TestUpdateIdentityProvider(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool(withCustom)
	w.provider(p, "Own", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"one", "two"} })
	update := func(in idp.UpdateIdentityProviderInput) *types.IdentityProviderType {
		t.Helper()
		in.UserPoolId, in.ProviderName = p.Id, aws.String("Own")
		out, err := w.UpdateIdentityProvider(t.Context(), &in)
		if err != nil {
			t.Fatal(err)
		}
		return out.IdentityProvider
	}
	before := with(oidcDetails, "attributes_url_add_attributes", "false")
	got := update(idp.UpdateIdentityProviderInput{AttributeMapping: details("custom:tier", "plan")})
	if diff := cmp.Diff(before, got.ProviderDetails); diff != "" {
		t.Error("details changed:", diff)
	}
	if diff := cmp.Diff(details("custom:tier", "plan", "username", "sub"), got.AttributeMapping); diff != "" {
		t.Error(diff)
	}
	got = update(idp.UpdateIdentityProviderInput{IdpIdentifiers: []string{"two", "three"}})
	if want := []string{"two", "three"}; !slices.Equal(got.IdpIdentifiers, want) {
		t.Errorf("identifiers %q, want %q", got.IdpIdentifiers, want)
	}
	_, err := w.GetIdentityProviderByIdentifier(t.Context(), &idp.GetIdentityProviderByIdentifierInput{UserPoolId: p.Id, IdpIdentifier: aws.String("one")})
	wants(t, err, resourceNotFound, "Identity provider one does not exist.")
	changed := with(oidcDetails, "client_id", "o2", "client_secret", "louder")
	got = update(idp.UpdateIdentityProviderInput{ProviderDetails: changed})
	if diff := cmp.Diff(with(changed, "attributes_url_add_attributes", "false"), got.ProviderDetails); diff != "" {
		t.Error(diff)
	}
	if !got.LastModifiedDate.After(*got.CreationDate) {
		t.Errorf("modified %v, created %v", got.LastModifiedDate, got.CreationDate)
	}

	// Nobody can read the private key to send it again.
	w.provider(p, "SignInWithApple", "SignInWithApple", appleDetails)
	_, err = w.UpdateIdentityProvider(t.Context(), &idp.UpdateIdentityProviderInput{
		UserPoolId: p.Id, ProviderName: aws.String("SignInWithApple"), ProviderDetails: with(without(appleDetails, "private_key"), "team_id", "t2"),
	})
	if err != nil {
		t.Error(err)
	}
}

func TestListIdentityProviders(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.provider(p, "Own", "OIDC", oidcDetails)
	w.provider(p, "Google", "Google", googleDetails)
	w.provider(p, "Corp", "SAML", samlDetails)
	var listed []string
	everyPage(t, idp.NewListIdentityProvidersPaginator(w.Client, &idp.ListIdentityProvidersInput{UserPoolId: p.Id, MaxResults: aws.Int32(2)}), func(page *idp.ListIdentityProvidersOutput) {
		for _, d := range page.Providers {
			listed = append(listed, *d.ProviderName+" "+string(d.ProviderType))
		}
	})
	if want := []string{"Corp SAML", "Google Google", "Own OIDC"}; !slices.Equal(listed, want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
}

func TestIdentityProviderRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.provider(p, "Own", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"taken"} })
	none := func(*idp.CreateIdentityProviderInput) {}
	tests := []struct {
		name          string
		kind          types.IdentityProviderTypeType
		given         map[string]string
		change        func(*idp.CreateIdentityProviderInput)
		code, message string
	}{
		{"Own", "OIDC", oidcDetails, none, "DuplicateProviderException", "Own already exists in user pool " + *p.Id + "."},
		{"MyGoogle", "Google", googleDetails, none, invalidParameter, "Provider MyGoogle cannot be of type Google."},
		{"Google", "OIDC", oidcDetails, none, invalidParameter, "Provider Google cannot be of type OIDC."},
		{"COGNITO", "OIDC", oidcDetails, none, invalidParameter, "Provider COGNITO cannot be of type OIDC."},
		{"Google", "Google", without(googleDetails, "client_secret"), none, invalidParameter,
			"clientId, clientSecret and authorizeScopes are all required idp details."},
		{"SignInWithApple", "SignInWithApple", without(appleDetails, "private_key"), none, invalidParameter,
			"clientId, privateKey, teamId, and keyId are all required idp details."},
		{"Other", "OIDC", without(oidcDetails, "oidc_issuer"), none, invalidParameter,
			"clientId, authorizeScopes, oidcIssuer and attributesRequestMethod are all required idp details."},
		{"Other", "OIDC", with(oidcDetails, "oidc_issuer", "http://id.example.org"), none, invalidParameter, "OIDC endpoint must start with https://"},
		{"Other", "OIDC", with(oidcDetails, "jwks_uri", "file:///etc/passwd"), none, invalidParameter, "OIDC endpoint must start with https://"},
		{"Other", "OIDC", with(oidcDetails, "attributes_request_method", "PUT"), none, invalidParameter,
			"1 validation error detected: Value 'PUT' at 'attributesRequestMethod' failed to satisfy constraint: Member must satisfy enum value set: [POST, GET]"},
		{"Corp", "SAML", details("IDPSignout", "true"), none, invalidParameter, "At least one of the MetadataURL or MetadataFile should be provided."},
		{"Corp", "SAML", with(samlDetails, "MetadataURL", "https://saml.example.org/"), none, invalidParameter,
			"Only one of the MetadataURL or MetadataFile should be provided."},
		{"Corp", "SAML", details("MetadataFile", "<EntityDescriptor/>"), none, invalidParameter,
			"MetadataFile is not the metadata of a SAML identity provider."},
		{"Corp", "SAML", with(samlDetails, "EncryptedResponses", "yes"), none, invalidParameter, "EncryptedResponses must be true or false."},
		{"Other", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.AttributeMapping = details("custom:x", "x") }, invalidParameter,
			"Attribute mapping: the user pool has no attribute custom:x to write to."},
		{"Other", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.AttributeMapping = details("sub", "sub") }, invalidParameter,
			"Attribute mapping: the user pool has no attribute sub to write to."},
		{"Other", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"taken"} }, invalidParameter,
			"The identifier taken is in use already."},
		{"Other", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.IdpIdentifiers = []string{"new", "new"} }, invalidParameter,
			"The identifier new is in use already."},
		{"Other", "OIDC", oidcDetails, func(in *idp.CreateIdentityProviderInput) { in.UserPoolId = aws.String("us-east-1_Nowhere00") }, resourceNotFound,
			"User pool us-east-1_Nowhere00 does not exist."},
	}
	for _, test := range tests {
		t.Run(test.message, func(t *testing.T) {
			in := &idp.CreateIdentityProviderInput{UserPoolId: p.Id, ProviderName: &test.name, ProviderType: test.kind, ProviderDetails: test.given}
			test.change(in)
			_, err := w.CreateIdentityProvider(t.Context(), in)
			wants(t, err, test.code, test.message)
		})
	}
	_, err := w.UpdateIdentityProvider(t.Context(), &idp.UpdateIdentityProviderInput{UserPoolId: p.Id, ProviderName: aws.String("None")})
	wants(t, err, resourceNotFound, "Identity provider None does not exist.")
	_, err = w.DeleteIdentityProvider(t.Context(), &idp.DeleteIdentityProviderInput{UserPoolId: p.Id, ProviderName: aws.String("None")})
	wants(t, err, resourceNotFound, "Identity provider None does not exist.")
	if _, err := w.describeProvider(p, "Other"); err == nil {
		t.Error("a refused provider is there")
	}
}

// TestProvidersOfClients makes an app client with a provider, and takes that away.
func TestProvidersOfClients(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.provider(p, "Google", "Google", googleDetails)
	names := []string{"COGNITO", "Google"}
	app := w.app(p, func(in *idp.CreateUserPoolClientInput) { in.SupportedIdentityProviders = names })
	if _, err := w.DeleteIdentityProvider(t.Context(), &idp.DeleteIdentityProviderInput{UserPoolId: p.Id, ProviderName: aws.String("Google")}); err != nil {
		t.Fatal(err)
	}
	described, err := w.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId})
	if err != nil {
		t.Fatal(err)
	}
	if got := described.UserPoolClient.SupportedIdentityProviders; !slices.Equal(got, names) {
		t.Errorf("the client has %q, want %q", got, names)
	}
	_, err = w.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId, SupportedIdentityProviders: names})
	wants(t, err, invalidParameter, "The provider Google does not exist for User Pool "+*p.Id+".")
}
