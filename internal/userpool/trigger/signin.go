package trigger

// Events of a sign-in. UserNotFound is given for app clients whose
// PreventUserExistenceErrors is ENABLED, and left out (nil) for others.

// PreAuthenticationEvent asks whether somebody may try to sign in.
type PreAuthenticationEvent = Event[PreAuthenticationRequest, Empty]

// PreAuthenticationRequest is what PreAuthentication is told.
type PreAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ValidationData Map               `json:"validationData"`
	UserNotFound   *bool             `json:"userNotFound,omitzero"`
}

// PostAuthenticationEvent tells that somebody signed in.
type PostAuthenticationEvent = Event[PostAuthenticationRequest, Empty]

// PostAuthenticationRequest is what PostAuthentication is told.
type PostAuthenticationRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	NewDeviceUsed  bool              `json:"newDeviceUsed"`
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
}

// ChallengeResult is one step that a custom sign-in has taken.
type ChallengeResult struct {
	ChallengeName     string `json:"challengeName"`
	ChallengeResult   bool   `json:"challengeResult"`
	ChallengeMetadata Text   `json:"challengeMetadata"`
}

// Session is the steps of a custom sign-in so far; never null.
type Session []ChallengeResult

// DefineAuthChallengeEvent asks for the next step of a custom sign-in.
type DefineAuthChallengeEvent = Event[DefineAuthChallengeRequest, DefineAuthChallengeResponse]

// DefineAuthChallengeRequest is what DefineAuthChallenge is told.
type DefineAuthChallengeRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	Session        Session           `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
	UserNotFound   *bool             `json:"userNotFound,omitzero"`
}

// DefineAuthChallengeResponse is the next step, or the end.
type DefineAuthChallengeResponse struct {
	ChallengeName      Text `json:"challengeName"`
	IssueTokens        Flag `json:"issueTokens"`
	FailAuthentication Flag `json:"failAuthentication"`
}

// CreateAuthChallengeEvent asks for a challenge.
type CreateAuthChallengeEvent = Event[CreateAuthChallengeRequest, CreateAuthChallengeResponse]

// CreateAuthChallengeRequest is what CreateAuthChallenge is told.
type CreateAuthChallengeRequest struct {
	UserAttributes map[string]string `json:"userAttributes"`
	ChallengeName  string            `json:"challengeName"`
	Session        Session           `json:"session"`
	ClientMetadata map[string]string `json:"clientMetadata,omitzero"`
	UserNotFound   *bool             `json:"userNotFound,omitzero"`
}

// CreateAuthChallengeResponse is a challenge: what the client gets, and what
// VerifyAuthChallengeResponse needs to judge the answer.
type CreateAuthChallengeResponse struct {
	PublicChallengeParameters  Map  `json:"publicChallengeParameters"`
	PrivateChallengeParameters Map  `json:"privateChallengeParameters"`
	ChallengeMetadata          Text `json:"challengeMetadata"`
}

// VerifyAuthChallengeResponseEvent asks whether an answer is right.
type VerifyAuthChallengeResponseEvent = Event[VerifyAuthChallengeResponseRequest, VerifyAuthChallengeResponseResponse]

// VerifyAuthChallengeResponseRequest is what VerifyAuthChallengeResponse is told.
type VerifyAuthChallengeResponseRequest struct {
	UserAttributes             map[string]string `json:"userAttributes"`
	PrivateChallengeParameters map[string]string `json:"privateChallengeParameters"`
	ChallengeAnswer            string            `json:"challengeAnswer"`
	ClientMetadata             map[string]string `json:"clientMetadata,omitzero"`
	UserNotFound               *bool             `json:"userNotFound,omitzero"`
}

// VerifyAuthChallengeResponseResponse tells whether the answer is right.
type VerifyAuthChallengeResponseResponse struct {
	AnswerCorrect Flag `json:"answerCorrect"`
}
