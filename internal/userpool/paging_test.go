package userpool_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// listing asks for one item of a list of a pool, from a token on, and returns the
// next token.
type listing func(pool *types.UserPoolType, token *string) (next *string, err error)

// listings are the lists that are given in pages, of groups and users by these names.
func (w *world) listings(group, username string) map[string]listing {
	ctx, one := w.t.Context(), aws.Int32(1)
	return map[string]listing{
		"ListUserPools": func(_ *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListUserPools(ctx, &idp.ListUserPoolsInput{MaxResults: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListUserPoolsOutput) *string { return out.NextToken })
		},
		"ListUserPoolClients": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListUserPoolClients(ctx, &idp.ListUserPoolClientsInput{UserPoolId: p.Id, MaxResults: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListUserPoolClientsOutput) *string { return out.NextToken })
		},
		"ListGroups": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListGroups(ctx, &idp.ListGroupsInput{UserPoolId: p.Id, Limit: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListGroupsOutput) *string { return out.NextToken })
		},
		"ListUsersInGroup": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListUsersInGroup(ctx, &idp.ListUsersInGroupInput{UserPoolId: p.Id, GroupName: &group, Limit: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListUsersInGroupOutput) *string { return out.NextToken })
		},
		"AdminListGroupsForUser": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.AdminListGroupsForUser(ctx, &idp.AdminListGroupsForUserInput{UserPoolId: p.Id, Username: &username, Limit: one, NextToken: token})
			return nextOf(out, err, func(out *idp.AdminListGroupsForUserOutput) *string { return out.NextToken })
		},
		"ListResourceServers": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListResourceServers(ctx, &idp.ListResourceServersInput{UserPoolId: p.Id, MaxResults: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListResourceServersOutput) *string { return out.NextToken })
		},
		"ListIdentityProviders": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListIdentityProviders(ctx, &idp.ListIdentityProvidersInput{UserPoolId: p.Id, MaxResults: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListIdentityProvidersOutput) *string { return out.NextToken })
		},
		"ListTerms": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListTerms(ctx, &idp.ListTermsInput{UserPoolId: p.Id, MaxResults: one, NextToken: token})
			return nextOf(out, err, func(out *idp.ListTermsOutput) *string { return out.NextToken })
		},
		"ListUserImportJobs": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListUserImportJobs(ctx, &idp.ListUserImportJobsInput{UserPoolId: p.Id, MaxResults: one, PaginationToken: token})
			return nextOf(out, err, func(out *idp.ListUserImportJobsOutput) *string { return out.PaginationToken })
		},
		"ListUsers": func(p *types.UserPoolType, token *string) (*string, error) {
			out, err := w.ListUsers(ctx, &idp.ListUsersInput{UserPoolId: p.Id, Limit: one, PaginationToken: token})
			return nextOf(out, err, func(out *idp.ListUsersOutput) *string { return out.PaginationToken })
		},
	}
}

func nextOf[Out any](out *Out, err error, next func(*Out) *string) (*string, error) {
	if err != nil {
		return nil, err
	}
	return next(out), nil
}

// twoOfAll makes a pool with two of everything that is listed: users a and b in groups
// of these names.
func (w *world) twoOfAll() *types.UserPoolType {
	w.t.Helper()
	p := w.pool()
	for _, name := range []string{"a", "b"} {
		app := w.app(p)
		w.mustCreate(p, name, quietly)
		w.group(p, name)
		w.resourceServer(p, name)
		w.provider(p, fmt.Sprint("Own", name), "OIDC", oidcDetails)
		if _, err := w.terms(p, app, "terms-of-use", "https://example.org/"); err != nil {
			w.t.Fatal(err)
		}
		w.importJob(p)
	}
	for _, name := range []string{"a", "b"} {
		w.join(p, "a", name)
		w.join(p, "b", name)
	}
	return p
}

// A page token is good for the list that gave it, of the same pool, group or user, and
// cannot be made up.
func TestPageTokens(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p, other := w.twoOfAll(), w.twoOfAll()
	lists := w.listings("a", "a")
	tokens := make(map[string]*string)
	for name, list := range lists {
		token, err := list(p, nil)
		if err != nil || token == nil {
			t.Fatal(name, token, err)
		}
		tokens[name] = token
	}
	const refusal = "Invalid pagination token."
	for name, list := range lists {
		if _, err := list(p, tokens[name]); err != nil {
			t.Error(name, err)
		}
		forged := []byte(*tokens[name])
		forged[len(forged)/2] ^= 1
		for what, token := range map[string]string{"made up": "abcdef", "forged": string(forged)} {
			_, err := list(p, &token)
			t.Run(name+" "+what, func(t *testing.T) { wants(t, err, invalidParameter, refusal) })
		}
		for from, token := range tokens {
			if from != name {
				_, err := list(p, token)
				t.Run(name+" with "+from, func(t *testing.T) { wants(t, err, invalidParameter, refusal) })
			}
		}
		if name != "ListUserPools" {
			_, err := list(other, tokens[name])
			t.Run(name+" of another pool", func(t *testing.T) { wants(t, err, invalidParameter, refusal) })
		}
	}
	others := w.listings("b", "b")
	for _, name := range []string{"ListUsersInGroup", "AdminListGroupsForUser"} {
		_, err := others[name](p, tokens[name])
		t.Run(name+" of another", func(t *testing.T) { wants(t, err, invalidParameter, refusal) })
	}
}
