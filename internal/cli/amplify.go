package cli

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/pinpoint"
)

// amplifyOutputs writes an Amplify Gen 2 amplify_outputs.json for one user
// pool, client, identity pool and application of the server. Amplify has no
// place for endpoints in this file, so they stand under "custom.pintail".
func (c *envCmd) amplifyOutputs(ctx context.Context, server *client) (map[string]any, error) {
	outputs := map[string]any{"version": "1.3", "custom": map[string]any{"pintail": map[string]any{"url": server.URL}}}
	auth, err := c.amplifyAuth(ctx, server)
	if err != nil {
		return nil, err
	}
	if auth != nil {
		outputs["auth"] = auth
	}
	app, region, err := c.pinpointApp(ctx, server)
	if err != nil {
		return nil, err
	}
	if app != "" {
		outputs["analytics"] = map[string]any{"amazon_pinpoint": map[string]any{"aws_region": region, "app_id": app}}
		outputs["notifications"] = map[string]any{
			"aws_region": region, "amazon_pinpoint_app_id": app, "channels": []string{"IN_APP_MESSAGING"},
		}
	}
	return outputs, nil
}

func (c *envCmd) amplifyAuth(ctx context.Context, server *client) (map[string]any, error) {
	pool, err := c.userPool(ctx, server)
	if err != nil || pool == "" {
		return nil, err
	}
	clientID, err := c.poolClient(ctx, server, pool)
	if err != nil {
		return nil, err
	}
	auth := map[string]any{"aws_region": server.Region, "user_pool_id": pool, "user_pool_client_id": clientID}
	var described struct {
		UserPool struct{ UsernameAttributes, AutoVerifiedAttributes []string }
	}
	if err := server.idp(ctx, "DescribeUserPool", map[string]any{"UserPoolId": pool}, &described); err != nil {
		return nil, err
	}
	auth["username_attributes"] = list(described.UserPool.UsernameAttributes)
	auth["user_verification_types"] = list(described.UserPool.AutoVerifiedAttributes)
	identity, guests, err := c.identityPool(ctx, server)
	if err != nil {
		return nil, err
	}
	if identity != "" {
		auth["identity_pool_id"] = identity
		auth["unauthenticated_identities_enabled"] = guests
	}
	return auth, nil
}

func (c *envCmd) userPool(ctx context.Context, server *client) (string, error) {
	var pools struct{ UserPools []struct{ Id string } }
	if err := server.idp(ctx, "ListUserPools", map[string]any{"MaxResults": 60}, &pools); err != nil {
		return "", err
	}
	var ids []string
	for _, p := range pools.UserPools {
		ids = append(ids, p.Id)
	}
	return choose("user pool", "--user-pool", c.UserPool, ids)
}

func (c *envCmd) poolClient(ctx context.Context, server *client, pool string) (string, error) {
	var clients struct{ UserPoolClients []struct{ ClientId string } }
	request := map[string]any{"UserPoolId": pool, "MaxResults": 60}
	if err := server.idp(ctx, "ListUserPoolClients", request, &clients); err != nil {
		return "", err
	}
	var ids []string
	for _, p := range clients.UserPoolClients {
		ids = append(ids, p.ClientId)
	}
	return choose("app client", "--client", c.Client, ids)
}

func (c *envCmd) identityPool(ctx context.Context, server *client) (id string, guests bool, err error) {
	var pools struct {
		IdentityPools []struct{ IdentityPoolId string }
	}
	if err := server.identity(ctx, "ListIdentityPools", map[string]any{"MaxResults": 60}, &pools); err != nil {
		return "", false, err
	}
	var ids []string
	for _, p := range pools.IdentityPools {
		ids = append(ids, p.IdentityPoolId)
	}
	if id, err = choose("identity pool", "--identity-pool", c.IdentityPool, ids); err != nil || id == "" {
		return "", false, err
	}
	var pool struct{ AllowUnauthenticatedIdentities bool }
	err = server.identity(ctx, "DescribeIdentityPool", map[string]any{"IdentityPoolId": id}, &pool)
	return id, pool.AllowUnauthenticatedIdentities, err
}

// pinpointApp returns the application's id and region.
func (c *envCmd) pinpointApp(ctx context.Context, server *client) (id, region string, err error) {
	var apps struct{ Item []struct{ Id, Arn string } }
	if err := server.do(ctx, http.MethodGet, "/v1/apps", pinpoint.Service.SigningName, nil, nil, &apps); err != nil {
		return "", "", err
	}
	var ids []string
	for _, a := range apps.Item {
		ids = append(ids, a.Id)
	}
	id, err = choose("Pinpoint application", "--app", c.App, ids)
	for _, a := range apps.Item {
		if a.Id == id {
			region = arnRegion(a.Arn)
		}
	}
	return id, region, err
}

// idp runs a user-pool operation.
func (c *client) idp(ctx context.Context, operation string, in, out any) error {
	return c.call(ctx, cognitoidp.Service.SigningName, cognitoidp.Service.TargetPrefix+"."+operation, in, out)
}

// identity runs an identity-pool operation.
func (c *client) identity(ctx context.Context, operation string, in, out any) error {
	return c.call(ctx, cognitoidentity.Service.SigningName, cognitoidentity.Service.TargetPrefix+"."+operation, in, out)
}

// list is a JSON list even when it is empty.
func list(values []string) []string { return append([]string{}, values...) }

// choose picks the one that was asked for, or the only one there is.
func choose(what, flag, asked string, ids []string) (string, error) {
	switch {
	case asked != "":
		for _, id := range ids {
			if id == asked {
				return id, nil
			}
		}
		return "", fmt.Errorf("there is no %s %s. There is: %s", what, asked, strings.Join(ids, ", "))
	case len(ids) > 1:
		return "", fmt.Errorf("there are several: choose one %s with %s: %s", what, flag, strings.Join(ids, ", "))
	case len(ids) == 1:
		return ids[0], nil
	}
	return "", nil
}
