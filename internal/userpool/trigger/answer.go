package trigger

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep an answer may be nested.
const maxDepth = 64

// answered is the event as a function gives it back. What is missing or null
// counts as unchanged. The request is not looked at: functions write into it.
type answered[R any] struct {
	Version       *string `json:"version"`
	TriggerSource *string `json:"triggerSource"`
	Region        *string `json:"region"`
	UserPoolID    *string `json:"userPoolId"`
	UserName      *string `json:"userName"`
	CallerContext struct {
		AWSSDKVersion *string `json:"awsSdkVersion"`
		ClientID      *string `json:"clientId"`
	} `json:"callerContext"`
	Response *R `json:"response"`
}

// decode reads a function's answer: one JSON object, the event with its header
// unchanged and a response of the right types. Every other error is *unusable.
func decode[R any](answer []byte, sent *Header) (R, error) {
	var none R
	if err := sound(answer); err != nil {
		return none, &unusable{"the answer " + err.Error()}
	}
	var a answered[R]
	if err := json.Unmarshal(answer, &a); err != nil {
		return none, &unusable{"the answer is not the event: " + err.Error()}
	}
	for _, member := range []struct {
		name string
		got  *string
		want string
	}{
		{"version", a.Version, sent.Version},
		{"triggerSource", a.TriggerSource, string(sent.TriggerSource)},
		{"region", a.Region, sent.Region},
		{"userPoolId", a.UserPoolID, sent.UserPoolID},
		{"userName", a.UserName, sent.UserName},
		{"callerContext.awsSdkVersion", a.CallerContext.AWSSDKVersion, sent.CallerContext.AWSSDKVersion},
		{"callerContext.clientId", a.CallerContext.ClientID, sent.CallerContext.ClientID},
	} {
		if member.got != nil && *member.got != member.want {
			return none, &unusable{"the answer changes the event's " + member.name}
		}
	}
	if a.Response == nil {
		if _, nothing := any(none).(Empty); nothing {
			return none, nil
		}
		return none, &unusable{"the answer has no response"}
	}
	return *a.Response, nil
}

// sound tells whether an answer is one JSON object that nothing behind here trips
// over: not nested without end, and without the character that no store keeps.
func sound(answer []byte) error {
	d := jsontext.NewDecoder(bytes.NewReader(answer))
	if d.PeekKind() != '{' {
		return errors.New("is not a JSON object")
	}
	for {
		token, err := d.ReadToken()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("is not JSON: %w", err)
		case d.StackDepth() > maxDepth:
			return fmt.Errorf("is nested deeper than %d levels", maxDepth)
		case token.Kind() == '"' && strings.Contains(token.String(), "\x00"):
			return errors.New("contains the character U+0000")
		}
	}
}
