package idp

import (
	"context"
	"encoding/json"
	"net/url"
	"time"
)

// FacebookName is the provider's name: Facebook's access tokens name no issuer.
const FacebookName = "graph.facebook.com"

// FacebookApp is an app whose users' access tokens a caller trusts.
type FacebookApp struct {
	ID string
	// Secret lets Facebook be asked about the token with the app's credentials, the
	// surest way. Without it the token itself is shown to Facebook.
	Secret string
	// Any takes tokens of every app, for callers that judge Identity.ClientID.
	Any bool
}

// Facebook judges an access token of a user of Facebook by asking Facebook.
func (v *Validator) Facebook(ctx context.Context, app FacebookApp, token string) (*Identity, error) {
	if err := checkAccessToken(token); err != nil {
		return nil, err
	}
	ask := v.facebookByToken
	if app.ID != "" && app.Secret != "" && !app.Any {
		ask = v.facebookByApp
	}
	found, err := ask(ctx, app, token)
	if err != nil {
		return nil, err
	}
	if !(Clients{IDs: []string{app.ID}, Any: app.Any}).trust(found.ClientID) {
		return nil, refuse(ErrAudience, "made for %s", shown(found.ClientID))
	}
	if found.Subject == "" {
		return nil, refuse(ErrRejected, "Facebook names no user")
	}
	if !found.Expires.IsZero() && !v.clock.Now().Before(found.Expires) {
		e := refuse(ErrExpired, "since %s", found.Expires.Format(time.RFC3339))
		e.Expired = found.Expires
		return nil, e
	}
	return found.named(FacebookName), nil
}

// graphError is an error of the Graph API. Its message is left out, as it may repeat
// the token.
type graphError struct {
	Code    int `json:"code"`
	Subcode int `json:"error_subcode"`
}

// refusal sorts Facebook's error: 190 is about the token, and subcode 463 says that its
// time is over; 1 and 2 are failures of Facebook, 4, 17, 32, 341, 368 and 613 limits.
func (e *graphError) refusal() *Error {
	kind := ErrRejected
	switch e.Code {
	case 1, 2, 4, 17, 32, 341, 368, 613:
		kind = ErrUnreachable
	case 190:
		if e.Subcode == 463 {
			kind = ErrExpired
		}
	}
	return refuse(kind, "Facebook answered with error %d.%d", e.Code, e.Subcode)
}

// facebookByApp asks about the token in the name of the app.
func (v *Validator) facebookByApp(ctx context.Context, app FacebookApp, token string) (*Identity, error) {
	var told struct {
		Data struct {
			AppID   string      `json:"app_id"`
			UserID  string      `json:"user_id"`
			Valid   bool        `json:"is_valid"`
			Type    string      `json:"type"`
			Expires int64       `json:"expires_at"` // 0: never
			Error   *graphError `json:"error"`
		} `json:"data"`
	}
	query := url.Values{"input_token": {token}, "access_token": {app.ID + "|" + app.Secret}}
	if err := v.graph(ctx, "/debug_token", query, &told); err != nil {
		return nil, err
	}
	switch {
	case !told.Data.Valid && told.Data.Error != nil:
		return nil, told.Data.Error.refusal()
	case !told.Data.Valid:
		return nil, refuse(ErrRejected, "Facebook says that the token is not valid")
	}
	if told.Data.Type != "" && told.Data.Type != "USER" {
		return nil, refuse(ErrRejected, "the token is not a user's")
	}
	found := &Identity{Subject: told.Data.UserID, ClientID: told.Data.AppID}
	if told.Data.Expires != 0 {
		found.Expires = time.Unix(told.Data.Expires, 0).UTC()
	}
	return found, nil
}

// facebookByToken asks whose the token is in the name of the token.
func (v *Validator) facebookByToken(ctx context.Context, _ FacebookApp, token string) (*Identity, error) {
	var app, user struct {
		ID string `json:"id"`
	}
	query := url.Values{"access_token": {token}, "fields": {"id"}}
	if err := v.graph(ctx, "/app", query, &app); err != nil {
		return nil, err
	}
	if err := v.graph(ctx, "/me", query, &user); err != nil {
		return nil, err
	}
	if app.ID == user.ID { // an app's own token speaks for no user
		return nil, refuse(ErrRejected, "the token is the app's, not a user's")
	}
	return &Identity{Subject: user.ID, ClientID: app.ID}, nil
}

// graph asks the Graph API.
func (v *Validator) graph(ctx context.Context, path string, query url.Values, into any) error {
	got, err := v.fetch.ask(ctx, v.facebook+path, query)
	if err != nil {
		return err
	}
	var failed struct {
		Error *graphError `json:"error"`
	}
	if json.Unmarshal(got.body, &failed) == nil && failed.Error != nil && got.status < 500 {
		return failed.Error.refusal()
	}
	return decodeAnswer(got, "Facebook", into)
}
