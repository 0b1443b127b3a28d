package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// refreshToken is what a refresh token says, sealed. Nobody but the server reads it.
type refreshToken struct {
	signIn
	Pool, Client string
	User         string // id of the user's document
	Sub          string
	Expires      time.Time
	Generation   int // how many tokens of this sign-in were rotated away before it
}

// signInRecord is what must be remembered of a sign-in; most leave none. The pool
// owns it, and its id is the sign-in's origin.
type signInRecord struct {
	Origin     string
	Expires    time.Time // when nothing of the sign-in is valid any more
	Revoked    bool
	Generation int       // of the refresh token that is valid
	Rotated    time.Time // when that one replaced the one before
}

var signIns = store.NewCollection("sign_in",
	store.Index("expires", func(r *signInRecord) string { return store.Time(r.Expires) }))

func (s *Service) sealRefresh(r refreshToken) (string, error) {
	message, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	return s.refreshes.SealToken(r.Expires, message), nil
}

// openRefresh reads a refresh token. The error is one of package keys.
func (s *Service) openRefresh(token string, now time.Time) (r refreshToken, err error) {
	message, err := s.refreshes.OpenToken(now, token)
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(message, &r)
}

// presented reads the refresh token of a caller who wants new tokens for it.
func (a *attempt) presented(token string) (refreshToken, error) {
	r, err := a.openRefresh(token, a.call.Time)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return r, cognitoidp.NotAuthorizedException.New("Refresh Token has expired")
	case errors.Is(err, keys.ErrSealed) || err == nil && (r.Client != a.client.ClientId || r.Pool != a.pool.Id):
		return r, cognitoidp.NotAuthorizedException.New("Invalid Refresh Token")
	}
	return r, err
}

// refresh is the flow REFRESH_TOKEN_AUTH: new ID and access tokens of the same sign-in.
func (a *attempt) refresh(ctx context.Context) (*answer, error) {
	token, err := a.param(paramRefreshToken)
	if err != nil {
		return nil, err
	}
	r, err := a.presented(token)
	if err != nil {
		return nil, err
	}
	var u *user
	err = a.db.View(ctx, func(tx store.Tx) (err error) {
		var record *signInRecord
		u, record, err = a.refreshing(tx, r, a.params[paramDeviceKey])
		if err == nil && r.Generation != record.Generation { // from when the client rotated
			err = errRefreshRevoked()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := a.client.checkSecretHash(a.params[paramSecretHash], u.Username, u.Sub); err != nil {
		return nil, err
	}
	a.who = u
	// ClientMetadata reaches no trigger here (Cognito API reference, InitiateAuth).
	result, err := a.tokens(ctx, u, r.signIn, trigger.TokenGenerationRefreshTokens, nil)
	if err != nil {
		return nil, err
	}
	return &answer{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, nil
}

// refreshing returns the user of a refresh token and what is remembered of the
// sign-in, unless the right to refresh was taken away. A token of a device that was
// confirmed works from that device only.
func (a *attempt) refreshing(tx store.Tx, r refreshToken, deviceKey string) (*user, *signInRecord, error) {
	u, err := users.Get(tx, r.Pool, r.User)
	if errors.Is(err, store.ErrNotFound) || err == nil && u.Sub != r.Sub {
		return nil, nil, errNoUser()
	}
	if err != nil {
		return nil, nil, err
	}
	if !u.Enabled {
		return nil, nil, errDisabled()
	}
	if err := a.checkRefreshDevice(tx, u, r.Device, deviceKey); err != nil {
		return nil, nil, err
	}
	record, err := signIns.Get(tx, r.Pool, r.Origin)
	if errors.Is(err, store.ErrNotFound) {
		record, err = &signInRecord{Origin: r.Origin, Expires: r.Expires}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	if record.Revoked || u.signedOut(r.Event) {
		return nil, nil, errRefreshRevoked()
	}
	return u, record, nil
}

func errRefreshRevoked() error {
	return cognitoidp.NotAuthorizedException.New("Refresh Token has been revoked")
}

// checkRefreshDevice refuses a refresh token that comes from another device than the
// one it was given to, once that device was confirmed (Cognito developer guide,
// "Working with user devices in your user pool").
func (a *attempt) checkRefreshDevice(tx store.Tx, u *user, of, given string) error {
	if of == "" || of == given || !a.pool.tracksDevices() {
		return nil
	}
	known, err := a.rememberedDevice(tx, a.pool, u, of)
	if errors.Is(err, errNoDevice()) || err == nil && known == nil {
		return nil // never confirmed, or forgotten: there is nothing to hold it to
	}
	if err != nil {
		return err
	}
	return cognitoidp.NotAuthorizedException.New("Invalid Refresh Token")
}

// getTokensFromRefreshToken implements GetTokensFromRefreshToken, which also gives
// a new refresh token where the client rotates them.
func (s *Service) getTokensFromRefreshToken(ctx context.Context, c *wire.Call, in *cognitoidp.GetTokensFromRefreshTokenRequest) (*cognitoidp.GetTokensFromRefreshTokenResponse, error) {
	cl, p, err := s.client(ctx, in.ClientId)
	if err != nil {
		return nil, err
	}
	c.Note("pool", p.Id)
	if !cl.knowsSecret(in.ClientSecret) {
		return nil, cognitoidp.NotAuthorizedException.Newf("Unable to verify secret for client %s", cl.ClientId)
	}
	a := attempt{Service: s, call: c, pool: p, client: cl, metadata: in.ClientMetadata}
	r, err := a.presented(in.RefreshToken)
	if err != nil {
		return nil, err
	}
	var u *user
	err = a.db.View(ctx, func(tx store.Tx) (err error) {
		u, _, err = a.exchanging(tx, r, in.DeviceKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	result, err := a.tokens(ctx, u, r.signIn, trigger.TokenGenerationAuthentication, in.ClientMetadata)
	if err != nil {
		return nil, err
	}
	// Last, so that what fails before leaves the client the token that it has.
	if result.RefreshToken, err = a.rotate(ctx, r, in.DeviceKey); err != nil {
		return nil, err
	}
	return &cognitoidp.GetTokensFromRefreshTokenResponse{AuthenticationResult: result}, nil
}

// exchanging is refreshing for a token that may be exchanged for another one: only the
// latest of its sign-in is, whether the client still rotates them or not.
func (a *attempt) exchanging(tx store.Tx, r refreshToken, deviceKey string) (*user, *signInRecord, error) {
	u, record, err := a.refreshing(tx, r, deviceKey)
	switch {
	case err != nil:
		return nil, nil, err
	case rotates(a.client.RefreshTokenRotation):
		err = record.advance(r.Generation, a.gracePeriod(), a.call.Time)
	case r.Generation != record.Generation:
		err = errRefreshReused()
	}
	return u, record, err
}

// rotate replaces a refresh token, where the client rotates them; else it returns "".
func (a *attempt) rotate(ctx context.Context, r refreshToken, deviceKey string) (next string, err error) {
	if !rotates(a.client.RefreshTokenRotation) {
		return "", nil
	}
	err = a.update(ctx, func(tx store.Tx) error {
		_, record, err := a.exchanging(tx, r, deviceKey)
		if err != nil {
			return err
		}
		if err := sweepSignIns(tx, a.pool.Id, a.call.Time); err != nil {
			return err
		}
		replaced := r
		replaced.Generation = record.Generation
		if next, err = a.sealRefresh(replaced); err != nil {
			return err
		}
		return signIns.Put(tx, a.pool.Id, r.Origin, record)
	})
	return next, err
}

// gracePeriod is how long a refresh token works after it was replaced, so that a
// client that lost the answer can ask again.
func (a *attempt) gracePeriod() time.Duration {
	return time.Duration(*orNumber(a.client.RefreshTokenRotation.RetryGracePeriodSeconds, 0)) * time.Second
}

// advance makes the next generation valid, if the token is of the present one. A
// token of the one before gets what the lost answer held, during the grace period.
func (r *signInRecord) advance(generation int, grace time.Duration, now time.Time) error {
	switch {
	case generation == r.Generation:
		r.Generation, r.Rotated = r.Generation+1, now
	case grace > 0 && generation == r.Generation-1 && now.Before(r.Rotated.Add(grace)):
		// Without a grace period not even a request that began before the rotation
		// may have the token again.
	default:
		return errRefreshReused()
	}
	return nil
}

func errRefreshReused() error {
	return cognitoidp.RefreshTokenReuseException.New("Refresh token has been used already.")
}

// maxSwept bounds how many dead records one request removes.
const maxSwept = 20

// sweepSignIns forgets sign-ins of which nothing is valid any more. Whoever writes
// a record sweeps, so that the list does not outgrow what is alive.
func sweepSignIns(tx store.Tx, poolID string, now time.Time) error {
	oldest, _, err := signIns.List(tx, poolID, store.Query{Index: "expires", Limit: maxSwept})
	if err != nil {
		return err
	}
	for _, r := range oldest {
		if now.Before(r.Expires) {
			break
		}
		if err := signIns.Delete(tx, poolID, r.Origin); err != nil {
			return err
		}
	}
	return nil
}
