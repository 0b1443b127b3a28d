package trigger

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// PreTokenGenerationEvent asks what to change in an ID token (LambdaVersion V1_0).
type PreTokenGenerationEvent = Event[PreTokenGenerationRequest, PreTokenGenerationResponse]

// PreTokenGenerationRequest is what PreTokenGeneration is told.
type PreTokenGenerationRequest struct {
	UserAttributes     map[string]string  `json:"userAttributes"`
	GroupConfiguration GroupConfiguration `json:"groupConfiguration"`
	ClientMetadata     map[string]string  `json:"clientMetadata,omitzero"`
}

// GroupConfiguration is a user's groups and roles, in the order of precedence.
type GroupConfiguration struct {
	GroupsToOverride   []string `json:"groupsToOverride"`
	IAMRolesToOverride []string `json:"iamRolesToOverride"`
	PreferredRole      Text     `json:"preferredRole"`
}

// GroupOverride is what a function says of the groups. It replaces them whole when
// it was Given, also as null or an empty object, which take all groups away.
type GroupOverride struct {
	GroupConfiguration
	Given bool `json:"-"`
}

// UnmarshalJSONFrom notes that there was something to read.
func (g *GroupOverride) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	*g = GroupOverride{Given: true}
	return json.UnmarshalDecode(d, &g.GroupConfiguration)
}

// PreTokenGenerationResponse is nil inside when nothing is to change.
type PreTokenGenerationResponse struct {
	ClaimsOverrideDetails *ClaimsOverrideDetails `json:"claimsOverrideDetails"`
}

// ClaimsOverrideDetails are the changes to an ID token. Suppressing goes before
// adding.
type ClaimsOverrideDetails struct {
	ClaimsToAddOrOverride Map           `json:"claimsToAddOrOverride"`
	ClaimsToSuppress      []string      `json:"claimsToSuppress"`
	GroupOverrideDetails  GroupOverride `json:"groupOverrideDetails"`
}

// PreTokenGenerationV2Event asks what to change in an ID token and an access token
// (LambdaVersion V2_0 and V3_0; the header's Version tells which).
type PreTokenGenerationV2Event = Event[PreTokenGenerationV2Request, PreTokenGenerationV2Response]

// PreTokenGenerationV2Request is what PreTokenGeneration is told.
type PreTokenGenerationV2Request struct {
	UserAttributes     map[string]string  `json:"userAttributes"`
	GroupConfiguration GroupConfiguration `json:"groupConfiguration"`
	Scopes             []string           `json:"scopes"`
	ClientMetadata     map[string]string  `json:"clientMetadata,omitzero"`
}

// PreTokenGenerationV2Response is nil inside when nothing is to change.
type PreTokenGenerationV2Response struct {
	ClaimsAndScopeOverrideDetails *ClaimsAndScopeOverrideDetails `json:"claimsAndScopeOverrideDetails"`
}

// ClaimsAndScopeOverrideDetails are the changes to both tokens.
type ClaimsAndScopeOverrideDetails struct {
	IDTokenGeneration     TokenChanges       `json:"idTokenGeneration"`
	AccessTokenGeneration AccessTokenChanges `json:"accessTokenGeneration"`
	GroupOverrideDetails  GroupOverride      `json:"groupOverrideDetails"`
}

// Claims are claims by name; their values are any JSON.
type Claims map[string]jsontext.Value

// TokenChanges are changes to the claims of a token.
type TokenChanges struct {
	ClaimsToAddOrOverride Claims   `json:"claimsToAddOrOverride"`
	ClaimsToSuppress      []string `json:"claimsToSuppress"`
}

// AccessTokenChanges are changes to an access token.
type AccessTokenChanges struct {
	TokenChanges
	ScopesToAdd      []string `json:"scopesToAdd"`
	ScopesToSuppress []string `json:"scopesToSuppress"`
}
