package trigger

// Events of people who come into a pool. In all of them UserAttributes holds
// strings only ("email_verified": "true"); but for PreSignUp, which sees what was
// supplied, sub and cognito:user_status are among them. ClientMetadata is left out
// where a request had none, ValidationData is null.

// PreSignUpEvent asks whether somebody may come in.
type PreSignUpEvent = Event[PreSignUpRequest, PreSignUpResponse]

// PreSignUpRequest is what PreSignUp is told.
type PreSignUpRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData Map               `json:"validationData"`
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
}

// PreSignUpResponse says what the new user need not prove.
type PreSignUpResponse struct {
	AutoConfirmUser bool `json:"autoConfirmUser"`
	AutoVerifyEmail bool `json:"autoVerifyEmail"`
	AutoVerifyPhone bool `json:"autoVerifyPhone"`
}

// PostConfirmationEvent tells that a user was confirmed.
type PostConfirmationEvent = Event[PostConfirmationRequest, Empty]

// PostConfirmationRequest is what PostConfirmation is told.
type PostConfirmationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
}

// UserMigrationEvent asks for a user that the pool does not know. The header's
// UserName is what was typed.
type UserMigrationEvent = Event[UserMigrationRequest, UserMigrationResponse]

// UserMigrationRequest is what UserMigration is told. Password is there when
// somebody signs in, not when they forgot it.
type UserMigrationRequest struct {
	Password       string            `json:"password,omitzero"`
	ValidationData Map               `json:"validationData"`
	UserAttributes Map               `json:"userAttributes"` // always null
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
}

// UserMigrationResponse describes the user that is to be made. Without
// UserAttributes the function knew nobody.
type UserMigrationResponse struct {
	UserAttributes         Map  `json:"userAttributes"`
	ForceAliasCreation     Flag `json:"forceAliasCreation"`
	EnableSMSMFA           Flag `json:"enableSMSMFA"`
	FinalUserStatus        Text `json:"finalUserStatus"`
	MessageAction          Text `json:"messageAction"`
	DesiredDeliveryMediums List `json:"desiredDeliveryMediums"`
}

// InboundFederationEvent asks what to keep of what an identity provider told.
type InboundFederationEvent = Event[InboundFederationRequest, InboundFederationResponse]

// InboundFederationRequest is what InboundFederation is told. ProviderType is
// OIDC, SAML, Facebook, Google, SignInWithApple or LoginWithAmazon.
type InboundFederationRequest struct {
	ProviderName string             `json:"providerName"`
	ProviderType string             `json:"providerType"`
	Attributes   ProviderAttributes `json:"attributes"`
}

// ProviderAttributes are what an identity provider told, each where it came from.
type ProviderAttributes struct {
	TokenResponse map[string]string `json:"tokenResponse,omitzero"`
	IDToken       map[string]string `json:"idToken,omitzero"`
	UserInfo      map[string]string `json:"userInfo,omitzero"`
	SAMLResponse  map[string]string `json:"samlResponse,omitzero"`
}

// InboundFederationResponse replaces the provider's attributes altogether, unless
// it is empty.
type InboundFederationResponse struct {
	UserAttributesToMap Map `json:"userAttributesToMap"`
}
