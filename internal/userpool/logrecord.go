package userpool

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"pintail/internal/delivery"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// exportedLog is a record of a pool's logs as Cognito exports it (Cognito developer
// guide, "Exporting logs from Amazon Cognito user pools").
type exportedLog struct {
	EventTimestamp string              `json:"eventTimestamp"` // milliseconds since 1970
	EventSource    string              `json:"eventSource"`
	LogLevel       cognitoidp.LogLevel `json:"logLevel"`
	Message        any                 `json:"message"`
	LogSourceID    logSourceID         `json:"logSourceId"`
}

type logSourceID struct {
	UserPoolID string `json:"userPoolId"`
}

// undeliveredMessage is the message of a record of userNotification.
type undeliveredMessage struct {
	Details string `json:"details"`
}

// authEventMessage is the message of a record of userAuthEvents. All members are
// there in every record, and all are texts but the challenges.
type authEventMessage struct {
	Version                       string                       `json:"version"`
	EventID                       string                       `json:"eventId"`
	EventType                     cognitoidp.EventType         `json:"eventType"`
	UserSub                       string                       `json:"userSub"`
	UserName                      string                       `json:"userName"`
	UserPoolID                    string                       `json:"userPoolId"`
	ClientID                      string                       `json:"clientId"`
	CreationDate                  string                       `json:"creationDate"`
	EventResponse                 cognitoidp.EventResponseType `json:"eventResponse"`
	RiskLevel                     string                       `json:"riskLevel"`
	RiskDecision                  string                       `json:"riskDecision"`
	Challenges                    []string                     `json:"challenges"` // "Password:Success"
	DeviceName                    string                       `json:"deviceName"`
	IPAddress                     string                       `json:"ipAddress"`
	RequestID                     string                       `json:"requestId"`
	IdpName                       string                       `json:"idpName"`
	CompromisedCredentialDetected string                       `json:"compromisedCredentialDetected"`
	City                          string                       `json:"city"`
	Country                       string                       `json:"country"`
	EventFeedbackValue            string                       `json:"eventFeedbackValue"`
	EventFeedbackDate             string                       `json:"eventFeedbackDate"`
	EventFeedbackProvider         string                       `json:"eventFeedbackProvider"`
	HasContextData                string                       `json:"hasContextData"`
}

// logDate is how the message of an event writes its time: as Java does.
const logDate = "Mon Jan 02 15:04:05 MST 2006"

// exportAuthEvent has an event delivered to where the pool wants its userAuthEvents,
// in the transaction that records it.
func (s *Service) exportAuthEvent(tx store.Tx, c *wire.Call, p *pool, u *user, e *authEvent, stored *cognitoidp.AuthEventType) error {
	seen := orEmpty(stored.EventContextData)
	m := authEventMessage{
		Version: "1", EventID: stored.EventId, EventType: e.Type, UserSub: u.Sub, UserName: u.Username, UserPoolID: p.Id, ClientID: e.ClientID,
		CreationDate: stored.CreationDate.UTC().Format(logDate), EventResponse: e.Response, RiskDecision: "PASS", Challenges: []string{},
		DeviceName: seen.DeviceName, IPAddress: seen.IpAddress, RequestID: c.RequestID,
		CompromisedCredentialDetected: strconv.FormatBool(e.Detected), HasContextData: strconv.FormatBool(seen.IpAddress != ""),
	}
	if e.Blocked {
		m.RiskDecision = "BLOCK"
	}
	for _, answer := range e.Challenges {
		m.Challenges = append(m.Challenges, string(answer.ChallengeName)+":"+string(answer.ChallengeResponse))
	}
	return s.exportLog(tx, p.Id, cognitoidp.EventSourceNameUserAuthEvents, stored.CreationDate, m)
}

// NoteUndelivered has a message that will not reach its user reported to where the
// pool wants its userNotification, in the transaction that gives the message up. A
// message that is of no pool is of no interest. What the provider said stays in the
// outbox, under seal: it may repeat the message, and so a code.
func (s *Service) NoteUndelivered(tx store.Tx, m delivery.Message) error {
	if m.UserPoolID == "" {
		return nil
	}
	what := "An e-mail"
	if m.Channel == delivery.SMS {
		what = "A text message"
	}
	details := fmt.Sprintf("%s for %s could not be delivered to the user %s (attempts: %d). The outbox tells why, at the message %s.",
		what, m.Purpose, m.Username, len(m.Attempts), m.ID)
	return s.exportLog(tx, m.UserPoolID, cognitoidp.EventSourceNameUserNotification, s.clock.Now(), undeliveredMessage{details})
}

// logText writes a record.
func logText(poolID string, source cognitoidp.EventSourceName, at time.Time, message any) (string, error) {
	record := exportedLog{
		EventTimestamp: strconv.FormatInt(at.UnixMilli(), 10), EventSource: "USER_AUTH_EVENTS", LogLevel: cognitoidp.LogLevelInfo,
		Message: message, LogSourceID: logSourceID{poolID},
	}
	if source == cognitoidp.EventSourceNameUserNotification {
		record.EventSource, record.LogLevel = "USER_NOTIFICATION", cognitoidp.LogLevelError
	}
	text, err := json.Marshal(record)
	return string(text), err
}
