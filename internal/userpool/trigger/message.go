package trigger

// What a message says in place of its code, its link and its user name.
const (
	CodeParameter     = "{####}"
	LinkParameter     = "{##Click Here##}"
	UsernameParameter = "{username}"
)

// CustomMessageEvent asks for the text of a message.
type CustomMessageEvent = Event[CustomMessageRequest, CustomMessageResponse]

// CustomMessageRequest is what CustomMessage is told. UsernameParameter is given
// for the invitation of an administrator, and null otherwise.
type CustomMessageRequest struct {
	UserAttributes    map[string]string `json:"userAttributes"`
	CodeParameter     string            `json:"codeParameter"`
	LinkParameter     string            `json:"linkParameter"`
	UsernameParameter Text              `json:"usernameParameter"`
	ClientMetadata    map[string]string `json:"clientMetadata,omitzero"`
}

// CustomMessageResponse is the text. What is empty is left to the pool's own.
type CustomMessageResponse struct {
	SMSMessage   Text `json:"smsMessage"`
	EmailMessage Text `json:"emailMessage"`
	EmailSubject Text `json:"emailSubject"`
}

// SenderEvent hands a code to a custom sender. Senders answer nothing, so their
// event has no response.
type SenderEvent struct {
	Header
	Request SenderRequest `json:"request"`
}

// SenderRequest is what a custom sender is told. Code is given in clear:
// [Invoker.Send] seals it and sets Type.
type SenderRequest struct {
	Type           string            `json:"type"`
	Code           Text              `json:"code"`
	ClientMetadata Map               `json:"clientMetadata"`
	UserAttributes map[string]string `json:"userAttributes"`
}
