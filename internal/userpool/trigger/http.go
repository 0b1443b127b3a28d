package trigger

import (
	"errors"
	"io"

	"github.com/go-json-experiment/json"

	"pintail/internal/awscall"
)

// readAnswer reads a body up to the limit.
func readAnswer(r io.Reader) ([]byte, error) {
	body, err := awscall.Read(r, maxAnswer)
	if errors.Is(err, awscall.ErrTooLarge) {
		return nil, errTooLarge
	}
	return body, err
}

// thrown reads what a function threw, in the form of Lambda's Runtime API.
func thrown(body []byte) (*functionError, bool) {
	var e struct {
		Message *string `json:"errorMessage"`
		Type    string  `json:"errorType"`
	}
	if json.Unmarshal(body, &e) != nil || e.Message == nil && e.Type == "" {
		return nil, false
	}
	if e.Message == nil {
		return &functionError{e.Type}, true
	}
	return &functionError{*e.Message}, true
}
