package userpool

import (
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
)

// passkeyRequest begins the challenge WEB_AUTHN for a user: the parameter
// CREDENTIAL_REQUEST_OPTIONS, and the challenge within it, which the session must
// keep for [Service.passkeyAnswer]. The name is the one that was typed; for a user
// that does not exist, who is nil, it stands for a passkey that nobody has.
func (s *Service) passkeyRequest(tx store.Tx, p *pool, u *user, name string) (options string, challenge []byte, err error) {
	rp, err := s.relyingParty(p, u)
	if err != nil {
		return "", nil, errPasskeySettings(err)
	}
	allowed := []passkey.Credential{s.decoyPasskey(p, name)}
	if u != nil {
		has, err := listPasskeys(tx, p, u)
		if err != nil {
			return "", nil, err
		}
		allowed = credentials(has)
	}
	challenge = passkey.NewChallenge()
	document, err := rp.RequestOptions(allowed, challenge)
	return string(document), challenge, err
}

// passkeyAnswer judges the parameter CREDENTIAL of somebody who answers WEB_AUTHN:
// it must be made with a passkey of the user, nil for one that does not exist, for
// the challenge. It notes the use of the passkey, and tells whether the passkey
// verified its user, which makes it count for two factors where the pool says so.
func (s *Service) passkeyAnswer(tx store.Tx, p *pool, u *user, challenge []byte, credential string, now time.Time) (userVerified bool, err error) {
	rp, err := s.relyingParty(p, u)
	if err != nil {
		return false, errPasskeySettings(err)
	}
	answer, err := passkey.ParseAssertion([]byte(credential))
	if err != nil {
		return false, because(invalid("Invalid passkey credential."), err)
	}
	id := passkeyID(answer.CredentialID())
	kept, err := passkeys.Get(tx, p.Id, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	known := err == nil && u != nil && kept.isOf(u, answer.UserHandle())
	if !known { // and it takes as long to find out as a wrong signature
		kept = &passkeyRecord{Credential: passkey.Decoy(answer.CredentialID())}
	}
	userVerified, err = rp.Verify(answer, &kept.Credential, challenge)
	switch {
	case !known:
		return false, because(errIncorrect(), errForeignPasskey)
	case err != nil:
		return false, because(errIncorrect(), err)
	}
	kept.LastUsed = now
	return userVerified, passkeys.Put(tx, p.Id, id, kept)
}

var errForeignPasskey = errors.New("the passkey is not one of the user's")

// isOf tells whether the passkey is the user's, which the handle must not contradict.
func (r *passkeyRecord) isOf(u *user, handle []byte) bool {
	return r.User == u.Sub && (len(handle) == 0 || string(handle) == u.Sub)
}

// decoyPasskey is the passkey that a user who does not exist is said to have.
func (s *Service) decoyPasskey(p *pool, name string) passkey.Credential {
	mac := s.decoys.MAC("passkey", p.Id, p.fold(name))
	const usual = 20 // bytes of a credential id that a phone makes
	return passkey.Credential{ID: mac[:usual], Transports: []string{"internal", "hybrid"}}
}

func errPasskeySettings(err error) error {
	return because(cognitoidp.InvalidUserPoolConfigurationException.New("The user pool has no relying party ID and no domain."), err)
}

// because adds a cause to a refusal, for the log.
func because(refusal, cause error) error {
	if e, ok := errors.AsType[*model.Error](refusal); ok {
		return e.WithReason(cause.Error())
	}
	return refusal
}
