package userpool

import (
	"context"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/trigger"
)

// tokenPair is the claims of an ID token and an access token before they are signed.
type tokenPair struct {
	id, access claims
	groups     groupClaims
}

// addGroups puts the groups into the tokens: roles are in the ID token only.
func (t *tokenPair) addGroups() {
	if len(t.groups.Names) > 0 {
		t.id["cognito:groups"], t.access["cognito:groups"] = t.groups.Names, t.groups.Names
	}
	if len(t.groups.Roles) > 0 {
		t.id["cognito:roles"] = t.groups.Roles
	}
	if t.groups.PreferredRole != "" {
		t.id["cognito:preferred_role"] = t.groups.PreferredRole
	}
}

// maxChanges is how many changes a function can make (Cognito developer guide, "Pre
// token generation Lambda trigger").
const maxChanges = 5000

// preTokenGeneration lets the pool's PreTokenGeneration trigger change the claims. The
// version of the trigger tells whether it may change the access token too.
func (a *attempt) preTokenGeneration(ctx context.Context, u *user, t *tokenPair, source trigger.Source, metadata map[string]string) error {
	config := a.pool.LambdaConfig
	by := caller{a.call, a.client.ClientId, metadata}
	header := by.header(a.pool, source, u.Username)
	switch newer := config.PreTokenGenerationConfig; {
	case newer != nil && newer.LambdaVersion != cognitoidp.PreTokenGenerationLambdaVersionTypeV10:
		header.Version = trigger.Version2
		if newer.LambdaVersion == cognitoidp.PreTokenGenerationLambdaVersionTypeV30 {
			header.Version = trigger.Version3
		}
		return a.changeBothTokens(ctx, u, t, header, newer.LambdaArn, metadata)
	case newer != nil:
		return a.changeIDToken(ctx, u, t, header, newer.LambdaArn, metadata)
	case config.PreTokenGeneration != "":
		return a.changeIDToken(ctx, u, t, header, config.PreTokenGeneration, metadata)
	}
	return nil
}

// changeIDToken asks a trigger of version V1_0.
func (a *attempt) changeIDToken(ctx context.Context, u *user, t *tokenPair, header trigger.Header, arn string, metadata map[string]string) error {
	e := &trigger.PreTokenGenerationEvent{Header: header}
	e.Request = trigger.PreTokenGenerationRequest{
		UserAttributes: u.triggerAttributes(), GroupConfiguration: t.groups.configuration(), ClientMetadata: metadata,
	}
	if err := trigger.Call(ctx, a.triggers, trigger.PreTokenGeneration, arn, e); err != nil {
		return err
	}
	d := e.Response.ClaimsOverrideDetails
	if d == nil {
		return nil
	}
	if len(d.ClaimsToAddOrOverride)+len(d.ClaimsToSuppress) > maxChanges {
		return errLambdaOutput()
	}
	t.override(d.GroupOverrideDetails)
	for name, value := range d.ClaimsToAddOrOverride {
		t.id.add(name, value, fixedIDClaims)
	}
	t.id.suppress(d.ClaimsToSuppress, fixedIDClaims)
	return nil
}

// changeBothTokens asks a trigger of version V2_0 or V3_0.
func (a *attempt) changeBothTokens(ctx context.Context, u *user, t *tokenPair, header trigger.Header, arn string, metadata map[string]string) error {
	scope, _ := t.access["scope"].(string)
	e := &trigger.PreTokenGenerationV2Event{Header: header}
	e.Request = trigger.PreTokenGenerationV2Request{
		UserAttributes: u.triggerAttributes(), GroupConfiguration: t.groups.configuration(), Scopes: strings.Fields(scope), ClientMetadata: metadata,
	}
	if err := trigger.Call(ctx, a.triggers, trigger.PreTokenGeneration, arn, e); err != nil {
		return err
	}
	d := e.Response.ClaimsAndScopeOverrideDetails
	if d == nil {
		return nil
	}
	id, access := d.IDTokenGeneration, d.AccessTokenGeneration
	n := len(id.ClaimsToAddOrOverride) + len(id.ClaimsToSuppress) + len(access.ClaimsToAddOrOverride) + len(access.ClaimsToSuppress)
	if n+len(access.ScopesToAdd)+len(access.ScopesToSuppress) > maxChanges || slices.ContainsFunc(access.ScopesToAdd, isNoScope) {
		return errLambdaOutput()
	}
	t.override(d.GroupOverrideDetails)
	t.id.apply(id, fixedIDClaims)
	if audience, ok := access.ClaimsToAddOrOverride["aud"]; ok && !isText(audience, a.client.ClientId) {
		return errLambdaOutput() // an access token is for its client or for nobody in particular
	}
	t.access.apply(access.TokenChanges, fixedAccessClaims)
	t.access["scope"] = strings.Join(changedScopes(strings.Fields(scope), access), " ")
	return nil
}

// isNoScope tells whether a text cannot be a scope: it would be several, or none.
func isNoScope(scope string) bool { return scope == "" || strings.ContainsAny(scope, " \t\r\n") }

// isText tells whether a JSON value is a string.
func isText(value jsontext.Value, text string) bool {
	var s string
	return json.Unmarshal(value, &s) == nil && s == text
}

// changedScopes adds and suppresses scopes. Suppressing goes before adding.
func changedScopes(scopes []string, change trigger.AccessTokenChanges) []string {
	for _, scope := range change.ScopesToAdd {
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return slices.DeleteFunc(scopes, func(scope string) bool { return slices.Contains(change.ScopesToSuppress, scope) })
}

// override replaces the groups, if the trigger said something of them.
func (t *tokenPair) override(g trigger.GroupOverride) {
	if !g.Given {
		return
	}
	t.groups = groupClaims{Names: g.GroupsToOverride, Roles: g.IAMRolesToOverride, PreferredRole: string(g.PreferredRole)}
}

func (g groupClaims) configuration() trigger.GroupConfiguration {
	c := trigger.GroupConfiguration{GroupsToOverride: []string{}, IAMRolesToOverride: []string{}, PreferredRole: trigger.Text(g.PreferredRole)}
	c.GroupsToOverride = append(c.GroupsToOverride, g.Names...)
	c.IAMRolesToOverride = append(c.IAMRolesToOverride, g.Roles...)
	return c
}

// Claims that no function changes (Cognito developer guide, "Pre token generation
// Lambda trigger").
var (
	fixedClaims = []string{
		"acr", "amr", "at_hash", "auth_time", "azp", "exp", "iat", "iss", "jti", "nbf", "nonce", "origin_jti", "token_use", attrSub, attrIdentities,
	}
	fixedIDClaims     = append([]string{"aud"}, fixedClaims...)
	fixedAccessClaims = append([]string{"client_id", "event_id", "device_key", "version", "username", "scope"}, fixedClaims...)
)

// changeable tells whether a function may set a claim.
func changeable(name string, fixed []string) bool {
	return name != "" && !slices.Contains(fixed, name) && !strings.HasPrefix(name, "cognito:")
}

// add sets a claim, unless it is one that stays. Attributes of developers can be
// taken out and not put in.
func (c claims) add(name string, value any, fixed []string) {
	if changeable(name, fixed) && !developerOnly(name) {
		c[name] = value
	}
}

func (c claims) suppress(names, fixed []string) {
	for _, name := range names {
		if changeable(name, fixed) {
			delete(c, name)
		}
	}
}

// apply adds claims, then suppresses.
func (c claims) apply(change trigger.TokenChanges, fixed []string) {
	for name, value := range change.ClaimsToAddOrOverride {
		c.add(name, value, fixed)
	}
	c.suppress(change.ClaimsToSuppress, fixed)
}
