package userpool

import (
	"context"
	"encoding/json"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Parameters of the NEW_PASSWORD_REQUIRED challenge and of its answer.
const (
	paramUserAttributes     = "userAttributes"
	paramRequiredAttributes = "requiredAttributes"
	paramNewPassword        = "NEW_PASSWORD"
	attributePrefix         = "userAttributes."
)

// requireNewPassword asks for a password in place of the temporary one, and for the
// required attributes that the user does not have (Cognito API reference,
// RespondToAuthChallenge).
func (a *attempt) requireNewPassword(u *user) (*answer, error) {
	shown := make(map[string]string)
	for name, value := range u.Attributes {
		if a.client.reads(name) {
			shown[name] = value
		}
	}
	missing := []string{}
	for _, attribute := range a.pool.schema.list {
		if name := attribute.Name; a.pool.schema.required(name) && u.Attributes[name] == "" {
			missing = append(missing, attributePrefix+name)
		}
	}
	have, err := json.Marshal(shown)
	if err != nil {
		return nil, err
	}
	need, err := json.Marshal(missing)
	if err != nil {
		return nil, err
	}
	return a.challenge(u, cognitoidp.ChallengeNameTypeNewPasswordRequired, map[string]string{
		paramUserID: u.Username, paramUserAttributes: string(have), paramRequiredAttributes: string(need),
	})
}

// answerNewPassword takes the answer to NEW_PASSWORD_REQUIRED.
func (a *attempt) answerNewPassword(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	password, err := a.param(paramNewPassword)
	if err != nil {
		return nil, err
	}
	given := a.givenAttributes()
	if err := a.checkCompletion(u, given); err != nil {
		return nil, err
	}
	sealed, err := a.newPassword(ctx, a.pool, a.client.ClientId, u, password)
	if err != nil {
		return nil, err
	}
	u, err = a.change(ctx, a.params[paramUsername], func(_ store.Tx, u *user) error {
		if u.Status != cognitoidp.UserStatusTypeForceChangePassword {
			return errSessionSpent()
		}
		for _, attribute := range given {
			u.set(attribute.Name, attribute.Value)
		}
		u.setPassword(a.pool, sealed, a.call.Time)
		u.Status = cognitoidp.UserStatusTypeConfirmed
		return nil
	})
	if err != nil {
		return nil, err
	}
	a.now.NewPassword, a.now.Password = true, passwordAt(u.PasswordSet)
	return a.advance(ctx, u)
}

// givenAttributes returns the attributes among the answer's parameters.
func (a *attempt) givenAttributes() (given []cognitoidp.AttributeType) {
	for key, value := range a.params {
		if name, ok := strings.CutPrefix(key, attributePrefix); ok {
			given = append(given, cognitoidp.AttributeType{Name: name, Value: value})
		}
	}
	return given
}

// checkCompletion holds the attributes that come with a new password against the
// schema: they complete the user and change nothing that is there.
func (a *attempt) checkCompletion(u *user, given []cognitoidp.AttributeType) error {
	if err := a.pool.schema.checkAttributes(given); err != nil {
		return err
	}
	complete := make(map[string]string, len(u.Attributes))
	for name, value := range u.Attributes {
		complete[name] = value
	}
	for _, attribute := range given {
		switch {
		case u.Attributes[attribute.Name] != "":
			return cognitoidp.NotAuthorizedException.Newf("Cannot modify an already provided %s", attribute.Name)
		case !a.client.writes(attribute.Name):
			return errUnauthorizedWrite()
		}
		complete[attribute.Name] = attribute.Value
	}
	return a.pool.schema.missingAttributes(complete)
}
