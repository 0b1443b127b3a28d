package userpool

import (
	"context"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
)

// signIn is one time that a user signed in. All tokens that come of it share it.
type signIn struct {
	Event    string // event_id; holds the moment, see newEvent
	Origin   string // origin_jti, by which the sign-in can be revoked
	AuthTime int64  // seconds of the epoch
	Device   string `json:",omitzero"` // key of the device, where the pool tracks them
}

// newSignIn returns a sign-in of a user at a moment: now, or right after the last
// global sign-out where clocks are behind it.
func newSignIn(u *user, now time.Time) signIn {
	moment := max(now.UnixMilli(), u.SignedOut+1)
	return signIn{Event: newEvent(moment), Origin: ids.UUID(), AuthTime: now.Unix()}
}

// newEvent returns a UUID (version 7) for a moment in milliseconds of the epoch. A
// token so tells, to the millisecond and in claims that Cognito's tokens have, when
// its sign-in was, and a global sign-out needs no list of tokens.
func newEvent(moment int64) string {
	id := uuid.New()
	for i := range 6 {
		id[i] = byte(moment >> (8 * (5 - i)))
	}
	id[6] = 0x70 | id[6]&0x0f
	return id.String()
}

// eventMoment returns the moment of an event id.
func eventMoment(event string) (int64, bool) {
	id, err := uuid.Parse(event)
	if err != nil || id.Version() != 7 {
		return 0, false
	}
	var moment int64
	for _, b := range id[:6] {
		moment = moment<<8 | int64(b)
	}
	return moment, true
}

// grant signs a user in: new tokens of all three kinds.
func (a *attempt) grant(ctx context.Context, u *user) (*cognitoidp.AuthenticationResultType, error) {
	origin := newSignIn(u, a.call.Time)
	if a.now.Device {
		origin.Device = a.now.DeviceKey
	}
	var metadata *cognitoidp.NewDeviceMetadataType
	if a.pool.tracksDevices() && origin.Device == "" {
		metadata = a.newDevice(a.pool, u, origin.Event)
		origin.Device = metadata.DeviceKey
	}
	result, err := a.tokens(ctx, u, origin, a.tokenSource(), a.answerMetadata())
	if err != nil {
		return nil, err
	}
	result.NewDeviceMetadata = metadata
	result.RefreshToken, err = a.sealRefresh(refreshToken{
		signIn: origin, Pool: a.pool.Id, Client: a.client.ClientId, User: u.key(a.pool), Sub: u.Sub,
		Expires: a.call.Time.Add(a.client.refreshLife()),
	})
	a.call.Note("sub", u.Sub)
	return result, err
}

// tokens makes an ID token and an access token of a sign-in. The pool's
// PreTokenGeneration trigger may change what they say.
func (a *attempt) tokens(ctx context.Context, u *user, origin signIn, source trigger.Source, metadata map[string]string) (*cognitoidp.AuthenticationResultType, error) {
	groups, err := a.groupClaims(ctx, u)
	if err != nil {
		return nil, err
	}
	life := a.client.accessLife()
	t := tokenPair{id: a.idClaims(u, origin), access: a.accessClaims(u, origin, life), groups: groups}
	if err := a.preTokenGeneration(ctx, u, &t, source, metadata); err != nil {
		return nil, err
	}
	t.addGroups()
	access, err := sign(a.pool.accessKey, t.access)
	if err != nil {
		return nil, err
	}
	id, err := sign(a.pool.idKey, t.id)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AuthenticationResultType{
		AccessToken: access, IdToken: id,
		ExpiresIn: new(int32(life / time.Second)), TokenType: "Bearer",
	}, nil
}

// groupClaims returns the user's groups, as the tokens show them.
func (a *attempt) groupClaims(ctx context.Context, u *user) (g groupClaims, err error) {
	if u.Groups == 0 {
		return g, nil
	}
	err = a.db.View(ctx, func(tx store.Tx) error {
		g, err = a.pool.groupsOf(tx, u)
		return err
	})
	return g, err
}

// claims are a token's claims by name.
type claims map[string]any

func sign(key *keys.SigningKey, c claims) (string, error) {
	text, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	return key.Sign(text)
}

// commonClaims are in both tokens (Cognito developer guide, "Understanding user
// pool JSON web tokens").
func (a *attempt) commonClaims(u *user, origin signIn, use string, life time.Duration) claims {
	now := a.call.Time
	c := claims{
		"sub": u.Sub, "iss": a.issuer(a.pool.Id), "token_use": use, "event_id": origin.Event, "jti": ids.UUID(),
		"auth_time": origin.AuthTime, "iat": now.Unix(), "exp": now.Add(life).Unix(),
	}
	if a.client.revocable() {
		c["origin_jti"] = origin.Origin
	}
	return c
}

// issuer returns the issuer of a pool's tokens.
func (s *Service) issuer(poolID string) string { return s.baseURL() + "/" + poolID }

func (a *attempt) accessClaims(u *user, origin signIn, life time.Duration) claims {
	c := a.commonClaims(u, origin, useAccess, life)
	c["client_id"], c["username"], c["scope"] = a.client.ClientId, u.Username, selfScope
	if origin.Device != "" {
		c["device_key"] = origin.Device
	}
	return c
}

// idClaims hold the user's attributes, as far as the client may read them.
func (a *attempt) idClaims(u *user, origin signIn) claims {
	c := a.commonClaims(u, origin, useID, a.client.idLife())
	c["aud"], c["cognito:username"] = a.client.ClientId, u.Username
	for name, value := range u.Attributes {
		if a.client.reads(name) {
			c[name] = claimValue(name, value)
		}
	}
	return c
}

// claimValue returns an attribute as the ID token shows it: all are strings but these.
func claimValue(name, value string) any {
	switch name {
	case attrEmailVerified, attrPhoneVerified:
		return value == "true"
	case attrUpdatedAt:
		if _, err := parseNumber(value); err == nil {
			return jsontext.Value(value)
		}
	case attrAddress:
		return map[string]string{"formatted": value}
	case attrIdentities:
		return identityClaims(value)
	}
	return value
}
