package userpool_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
)

const shopAPI = "https://shop.example.org/api"

// resourceServer creates a resource server with scopes of these names.
func (w *world) resourceServer(p *types.UserPoolType, identifier string, names ...string) *types.ResourceServerType {
	w.t.Helper()
	out, err := w.CreateResourceServer(w.t.Context(), &idp.CreateResourceServerInput{
		UserPoolId: p.Id, Identifier: &identifier, Name: aws.String("Shop"), Scopes: scopes(names...),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return out.ResourceServer
}

func scopes(names ...string) (list []types.ResourceServerScopeType) {
	for _, name := range names {
		list = append(list, types.ResourceServerScopeType{ScopeName: aws.String(name), ScopeDescription: aws.String("May " + name)})
	}
	return list
}

func TestResourceServer(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		p := w.pool()
		created := w.resourceServer(p, shopAPI, "read", "write")
		want := &types.ResourceServerType{UserPoolId: p.Id, Identifier: aws.String(shopAPI), Name: aws.String("Shop"), Scopes: scopes("read", "write")}
		if diff := cmp.Diff(want, created, unexported); diff != "" {
			t.Error("created:", diff)
		}
		// An update replaces: without scopes, none are left.
		updated, err := w.UpdateResourceServer(t.Context(), &idp.UpdateResourceServerInput{UserPoolId: p.Id, Identifier: aws.String(shopAPI), Name: aws.String("Shop 2")})
		if err != nil {
			t.Fatal(err)
		}
		want.Name, want.Scopes = aws.String("Shop 2"), nil
		if diff := cmp.Diff(want, updated.ResourceServer, unexported); diff != "" {
			t.Error("updated:", diff)
		}
		described, err := w.DescribeResourceServer(t.Context(), &idp.DescribeResourceServerInput{UserPoolId: p.Id, Identifier: aws.String(shopAPI)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, described.ResourceServer, unexported); diff != "" {
			t.Error("described:", diff)
		}
		if _, err := w.DeleteResourceServer(t.Context(), &idp.DeleteResourceServerInput{UserPoolId: p.Id, Identifier: aws.String(shopAPI)}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DescribeResourceServer(t.Context(), &idp.DescribeResourceServerInput{UserPoolId: p.Id, Identifier: aws.String(shopAPI)})
		wants(t, err, resourceNotFound, "Resource server "+shopAPI+" does not exist.")
	})
}

func TestListResourceServers(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.pool(), w.pool()
	for _, identifier := range []string{"c", "a", "b"} {
		w.resourceServer(p, identifier)
	}
	w.resourceServer(other, "z")
	var listed []string
	everyPage(t, idp.NewListResourceServersPaginator(w.Client, &idp.ListResourceServersInput{UserPoolId: p.Id, MaxResults: aws.Int32(2)}), func(page *idp.ListResourceServersOutput) {
		for _, server := range page.ResourceServers {
			listed = append(listed, *server.Identifier)
		}
	})
	if want := []string{"a", "b", "c"}; !slices.Equal(listed, want) {
		t.Errorf("listed %v, want %v", listed, want)
	}
}

func TestResourceServerRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.resourceServer(p, "shop", "read")
	create := func(identifier string, names ...string) error {
		_, err := w.CreateResourceServer(t.Context(), &idp.CreateResourceServerInput{
			UserPoolId: p.Id, Identifier: &identifier, Name: aws.String("x"), Scopes: scopes(names...),
		})
		return err
	}
	wants(t, create("shop"), invalidParameter, "shop already exists in user pool "+*p.Id+".")
	wants(t, create("other", "read", "read"), invalidParameter, "Scope read is given more than once.")
	wants(t, create("a b"), invalidParameter,
		`1 validation error detected: Value 'a b' at 'identifier' failed to satisfy constraint: Member must satisfy regular expression pattern: [\x21\x23-\x5B\x5D-\x7E]+`)
	_, err := w.UpdateResourceServer(t.Context(), &idp.UpdateResourceServerInput{UserPoolId: p.Id, Identifier: aws.String("x"), Name: aws.String("x")})
	wants(t, err, resourceNotFound, "Resource server x does not exist.")
	_, err = w.DeleteResourceServer(t.Context(), &idp.DeleteResourceServerInput{UserPoolId: p.Id, Identifier: aws.String("x")})
	wants(t, err, resourceNotFound, "Resource server x does not exist.")
	_, err = w.ListResourceServers(t.Context(), &idp.ListResourceServersInput{UserPoolId: aws.String("us-east-1_Nowhere00")})
	wants(t, err, resourceNotFound, "User pool us-east-1_Nowhere00 does not exist.")
	for i := range 24 {
		w.resourceServer(p, fmt.Sprint("server", i))
	}
	wants(t, create("twenty-six"), "LimitExceededException", "A user pool can have at most 25 resource servers.")
}

// TestScopesOfClients makes app clients with scopes of resource servers.
func TestScopesOfClients(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	w.resourceServer(p, shopAPI, "read", "write")
	with := func(names ...string) func(*idp.CreateUserPoolClientInput) {
		return func(in *idp.CreateUserPoolClientInput) {
			in.AllowedOAuthFlowsUserPoolClient, in.AllowedOAuthFlows, in.AllowedOAuthScopes = true, []types.OAuthFlowType{"code"}, names
			in.CallbackURLs = []string{"https://example.org/"}
		}
	}
	app := w.app(p, with("openid", shopAPI+"/read"))
	if want := []string{"openid", shopAPI + "/read"}; !slices.Equal(app.AllowedOAuthScopes, want) {
		t.Errorf("scopes %q, want %q", app.AllowedOAuthScopes, want)
	}
	// Flows can be chosen before the client may use them.
	machine := w.app(p, func(in *idp.CreateUserPoolClientInput) {
		in.GenerateSecret, in.AllowedOAuthFlows, in.AllowedOAuthScopes = true, []types.OAuthFlowType{"client_credentials"}, []string{shopAPI + "/read"}
	})
	if *machine.AllowedOAuthFlowsUserPoolClient || !slices.Equal(machine.AllowedOAuthFlows, []types.OAuthFlowType{"client_credentials"}) {
		t.Errorf("client %+v", machine)
	}
	for _, scope := range []string{shopAPI + "/delete", "read", "shop/read", "/read", shopAPI + "/"} {
		in := &idp.CreateUserPoolClientInput{UserPoolId: p.Id, ClientName: aws.String("refused")}
		with(scope)(in)
		_, err := w.CreateUserPoolClient(t.Context(), in)
		wants(t, err, "ScopeDoesNotExistException", "Invalid scope requested: "+scope)
	}
	// The scopes of another pool's resource server are not this pool's.
	in := &idp.CreateUserPoolClientInput{UserPoolId: w.pool().Id, ClientName: aws.String("refused")}
	with(shopAPI + "/read")(in)
	_, err := w.CreateUserPoolClient(t.Context(), in)
	wants(t, err, "ScopeDoesNotExistException", "Invalid scope requested: "+shopAPI+"/read")

	_, err = w.UpdateUserPoolClient(t.Context(), &idp.UpdateUserPoolClientInput{
		UserPoolId: p.Id, ClientId: app.ClientId, AllowedOAuthScopes: []string{shopAPI + "/nothing"},
	})
	wants(t, err, "ScopeDoesNotExistException", "Invalid scope requested: "+shopAPI+"/nothing")

	// A client keeps the name of a scope that goes away.
	if _, err := w.DeleteResourceServer(t.Context(), &idp.DeleteResourceServerInput{UserPoolId: p.Id, Identifier: aws.String(shopAPI)}); err != nil {
		t.Fatal(err)
	}
	described, err := w.DescribeUserPoolClient(t.Context(), &idp.DescribeUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(app.AllowedOAuthScopes, described.UserPoolClient.AllowedOAuthScopes); diff != "" {
		t.Error(diff)
	}
}
