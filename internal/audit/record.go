package audit

import (
	"encoding/json"
	"strings"
	"time"

	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// Record is a call, in the members of a CloudTrail record (CloudTrail user guide,
// "CloudTrail record contents").
type Record struct {
	EventVersion       string          `json:"eventVersion"`
	UserIdentity       Identity        `json:"userIdentity"`
	EventTime          time.Time       `json:"eventTime"`
	EventSource        string          `json:"eventSource"`
	EventName          string          `json:"eventName"`
	AWSRegion          string          `json:"awsRegion"`
	SourceIPAddress    string          `json:"sourceIPAddress"`
	UserAgent          string          `json:"userAgent"`
	ErrorCode          string          `json:"errorCode,omitzero"`
	ErrorMessage       string          `json:"errorMessage,omitzero"`
	RequestParameters  json.RawMessage `json:"requestParameters"` // without secrets; null where there are none
	ResponseElements   json.RawMessage `json:"responseElements"`  // always null: answers are not kept
	RequestID          string          `json:"requestID"`
	EventID            string          `json:"eventID"`
	ReadOnly           bool            `json:"readOnly"`
	Resources          []Resource      `json:"resources,omitzero"`
	EventType          string          `json:"eventType"`
	ManagementEvent    bool            `json:"managementEvent"`
	RecipientAccountID string          `json:"recipientAccountId"`
	EventCategory      string          `json:"eventCategory"`
	// AdditionalEventData holds why a call was refused, for the owner, or what came of
	// an action that went on after it.
	AdditionalEventData map[string]string `json:"additionalEventData,omitzero"`
}

// Identity is who called.
type Identity struct {
	// Type is Root, IAMUser, AssumedRole, FederatedUser, WebIdentityUser or SAMLUser.
	Type        string `json:"type"`
	PrincipalID string `json:"principalId,omitzero"`
	ARN         string `json:"arn,omitzero"`
	AccountID   string `json:"accountId,omitzero"`
	AccessKeyID string `json:"accessKeyId,omitzero"`
	UserName    string `json:"userName,omitzero"`
	// IdentityProvider vouches for a WebIdentityUser or a SAMLUser.
	IdentityProvider string          `json:"identityProvider,omitzero"`
	SessionContext   *SessionContext `json:"sessionContext,omitzero"`
}

// SessionContext says where a role's session comes from.
type SessionContext struct {
	SessionIssuer Issuer `json:"sessionIssuer"`
}

// Issuer is the role of a session.
type Issuer struct {
	Type        string `json:"type"` // Role
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

// Resource is what was acted upon.
type Resource struct {
	ARN       string `json:"ARN"`
	AccountID string `json:"accountId,omitzero"`
}

// maxParameters is how many bytes the parameters of a record may have.
const maxParameters = 8 << 10

// NewRecord describes a call.
func NewRecord(of wire.Audited) Record {
	c := of.Call
	r := Record{
		EventVersion: "1.11", UserIdentity: identity(c), EventTime: c.Time.UTC().Truncate(time.Millisecond),
		EventSource: of.Op.Service.EndpointPrefix + ".amazonaws.com", EventName: of.Op.Name, AWSRegion: c.Region,
		SourceIPAddress: c.SourceIP, UserAgent: c.UserAgent, RequestID: c.RequestID, EventID: ids.UUID(),
		ReadOnly: readOnly(of.Op.Name), EventType: "AwsApiCall", RecipientAccountID: c.Account,
		ManagementEvent: true, EventCategory: "Management", RequestParameters: null, ResponseElements: null,
	}
	if isData(of.Op.Action) {
		r.ManagementEvent, r.EventCategory = false, "Data"
	} else {
		r.RequestParameters = parameters(of.Input)
	}
	for _, arn := range of.Resources {
		if strings.HasPrefix(arn, "arn:") { // "*" is none, and what callers write may be anything
			r.Resources = append(r.Resources, Resource{ARN: arn, AccountID: c.Account})
		}
	}
	if e := of.Refusal; e != nil {
		r.ErrorCode, r.ErrorMessage = e.Type.Code, e.Message
		if e.Reason != "" {
			r.AdditionalEventData = map[string]string{"reason": e.Reason}
		}
	}
	return r
}

var null = json.RawMessage("null")

// identity describes who called: of calls that carry a token in place of a signature, whom
// it speaks for.
func identity(c *wire.Call) Identity {
	caller := c.Caller
	if caller == nil {
		return bearer(c)
	}
	i := Identity{PrincipalID: caller.ID, ARN: caller.ARN, AccountID: caller.Account, AccessKeyID: caller.AccessKeyID}
	switch caller.Type {
	case policy.Root:
		i.Type = "Root"
	case policy.User:
		i.Type, i.UserName = "IAMUser", lastSegment(caller.ARN)
	case policy.AssumedRole:
		role, _, _ := strings.Cut(caller.ID, ":")
		i.Type, i.SessionContext = "AssumedRole", &SessionContext{Issuer{
			Type: "Role", PrincipalID: role, ARN: caller.RoleARN, AccountID: caller.Account, UserName: lastSegment(caller.RoleARN),
		}}
	default:
		i.Type = "FederatedUser"
	}
	return i
}

// bearer describes whom a token or an assertion speaks for; of one that was not believed,
// only which of the two it is.
func bearer(c *wire.Call) Identity {
	i := Identity{Type: "WebIdentityUser"}
	if c.Op.Name == "AssumeRoleWithSAML" {
		i.Type = "SAMLUser"
	}
	b := c.Bearer
	if b == nil {
		return i
	}
	i.PrincipalID, i.UserName, i.IdentityProvider = b.Provider+":"+b.Subject, b.Subject, b.Provider
	if b.Audience != "" {
		i.PrincipalID = b.Provider + ":" + b.Audience + ":" + b.Subject
	}
	return i
}

func lastSegment(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// parameters are what was asked, without secrets, or nothing if it is too long.
func parameters(input any) json.RawMessage {
	if input == nil {
		return null
	}
	text, err := json.Marshal(wire.RedactedFields(input))
	switch {
	case err != nil:
		return null
	case len(text) > maxParameters:
		return json.RawMessage(`{"omitted":"the parameters are too long to be kept"}`)
	}
	return text
}

// readOnly tells by an operation's name whether it changes nothing.
func readOnly(name string) bool {
	for _, verb := range []string{"Get", "List", "Describe", "Lookup", "Simulate", "AdminGet", "AdminList"} {
		if strings.HasPrefix(name, verb) {
			return true
		}
	}
	return false
}

// dataActions are what apps report with.
var dataActions = map[string]bool{
	"mobiletargeting:PutEvents": true, "mobiletargeting:UpdateEndpoint": true, "mobiletargeting:UpdateEndpointsBatch": true,
	"mobiletargeting:GetInAppMessages": true, "mobileanalytics:PutEvents": true,
}

func isData(action string) bool { return dataActions[action] }

func (r *Record) data() bool { return !r.ManagementEvent }

// denied tells whether the call was refused for want of permission.
func (r *Record) denied() bool { return strings.HasPrefix(r.ErrorCode, "AccessDenied") }
