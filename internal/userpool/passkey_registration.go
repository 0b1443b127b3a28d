package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
	"pintail/internal/wire"
)

// registrationLife is how long the challenge of a registration can be answered.
const registrationLife = 5 * time.Minute

// startWebAuthnRegistration implements StartWebAuthnRegistration. The challenge is
// kept with the user, in place of an earlier one, so that any node can go on; one
// challenge at a time also keeps a user from passing the limit.
func (s *Service) startWebAuthnRegistration(ctx context.Context, c *wire.Call, in *cognitoidp.StartWebAuthnRegistrationRequest) (*cognitoidp.StartWebAuthnRegistrationResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if !b.pool.offersFirst(cognitoidp.AuthFactorTypeWebAuthn) {
		return nil, errNoPasskeys()
	}
	out := &cognitoidp.StartWebAuthnRegistrationResponse{}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		if u.Passkeys >= maxPasskeys {
			return cognitoidp.LimitExceededException.Newf("A user can have at most %d passkeys.", maxPasskeys)
		}
		rp, err := s.relyingParty(b.pool, u)
		if err != nil {
			return cognitoidp.WebAuthnConfigurationMissingException.New("The user pool has no relying party ID and no domain.").WithReason(err.Error())
		}
		has, err := listPasskeys(tx, b.pool, u)
		if err != nil {
			return err
		}
		u.NewPasskey = &newPasskey{Challenge: passkey.NewChallenge(), Client: b.client.ClientId, Expires: c.Time.Add(registrationLife)}
		who := passkey.User{Handle: []byte(u.Sub), Name: u.Username}
		if out.CredentialCreationOptions, err = rp.CreationOptions(who, credentials(has), u.NewPasskey.Challenge); err != nil {
			return err
		}
		return users.Put(tx, b.pool.Id, u.key(b.pool), u)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// completeWebAuthnRegistration implements CompleteWebAuthnRegistration.
func (s *Service) completeWebAuthnRegistration(ctx context.Context, c *wire.Call, in *cognitoidp.CompleteWebAuthnRegistrationRequest) (*cognitoidp.CompleteWebAuthnRegistrationResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if !b.pool.offersFirst(cognitoidp.AuthFactorTypeWebAuthn) {
		return nil, errNoPasskeys()
	}
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		return s.registerPasskey(tx, b, u, in.Credential, c.Time)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CompleteWebAuthnRegistrationResponse{}, nil
}

// registerPasskey takes a new passkey of a user, and uses the challenge up.
func (s *Service) registerPasskey(tx store.Tx, b *bearer, u *user, document []byte, now time.Time) error {
	asked := u.NewPasskey
	switch {
	case asked == nil || !now.Before(asked.Expires):
		return errNoPasskeyChallenge()
	case asked.Client != b.client.ClientId:
		return cognitoidp.WebAuthnClientMismatchException.New("The registration was started by another app client.")
	}
	rp, err := s.relyingParty(b.pool, u)
	if err != nil { // it had one when the registration began
		return errPasskeyRegistration(passkey.ErrRelyingParty, err)
	}
	credential, err := rp.Register(document, asked.Challenge)
	if err != nil {
		return errPasskeyRegistration(err, err)
	}
	record := &passkeyRecord{Credential: *credential, User: u.Sub, RelyingParty: rp.ID, Created: now.Truncate(time.Millisecond)}
	err = passkeys.Insert(tx, b.pool.Id, passkeyID(credential.ID), record)
	if errors.Is(err, store.ErrExists) {
		return invalid("The passkey is already registered.")
	}
	if err != nil {
		return err
	}
	u.NewPasskey = nil
	u.Passkeys++
	return users.Put(tx, b.pool.Id, u.key(b.pool), u)
}

// errPasskeyRegistration says in the operation's words why a passkey was not taken.
// The cause is for the log.
func errPasskeyRegistration(err, cause error) error {
	refusal := cognitoidp.InvalidParameterException.New("Invalid passkey credential.")
	switch {
	case errors.Is(err, passkey.ErrChallenge):
		refusal = cognitoidp.WebAuthnChallengeNotFoundException.New(noPasskeyChallenge)
	case errors.Is(err, passkey.ErrOrigin):
		refusal = cognitoidp.WebAuthnOriginNotAllowedException.New("The origin of the passkey credential is not allowed for the relying party.")
	case errors.Is(err, passkey.ErrRelyingParty):
		refusal = cognitoidp.WebAuthnRelyingPartyMismatchException.New("The passkey credential belongs to another relying party.")
	case errors.Is(err, passkey.ErrUnsupported):
		refusal = cognitoidp.WebAuthnCredentialNotSupportedException.New("The passkey credential is not supported.")
	}
	return refusal.WithReason(cause.Error())
}

const noPasskeyChallenge = "The challenge of the registration was not found or has expired."

func errNoPasskeyChallenge() error {
	return cognitoidp.WebAuthnChallengeNotFoundException.New(noPasskeyChallenge)
}

func errNoPasskeys() error {
	return cognitoidp.WebAuthnNotEnabledException.New("Passkeys are not enabled for the user pool.")
}
