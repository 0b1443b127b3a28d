package passkey

import (
	"crypto/elliptic"
	"fmt"
	"math/big"

	"github.com/go-webauthn/webauthn/protocol"
)

// Assertion is the answer of somebody who signs in, not yet verified.
type Assertion struct {
	answer *protocol.ParsedCredentialAssertionData
}

// ParseAssertion reads an AuthenticationResponseJSON.
func ParseAssertion(document []byte) (*Assertion, error) {
	if len(document) > maxDocument {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, maxDocument)
	}
	answer, err := protocol.ParseCredentialRequestResponseBytes(document)
	if err != nil {
		return nil, wrap(ErrMalformed, err)
	}
	return &Assertion{answer}, nil
}

// CredentialID is which passkey the answer claims to be made with.
func (a *Assertion) CredentialID() []byte { return a.answer.RawID }

// UserHandle is the handle of the user that the passkey was made for. It may be
// missing.
func (a *Assertion) UserHandle() []byte { return a.answer.Response.UserHandle }

// Verify tells whether the answer is made with the passkey, for this challenge,
// and whether the passkey verified its user. If it is, it brings the passkey's
// counter and its backup state up to date (Web Authentication, "Verifying an
// Authentication Assertion").
func (rp RelyingParty) Verify(a *Assertion, c *Credential, challenge []byte) (userVerified bool, err error) {
	said := &a.answer.Response.AuthenticatorData
	if err := rp.checkClient(&a.answer.Response.CollectedClientData, protocol.AssertCeremony, challenge); err != nil {
		return false, err
	}
	if err := rp.checkAuthenticator(said, ErrRefused); err != nil {
		return false, err
	}
	if err := rp.verifySignature(a, c, challenge); err != nil {
		return false, err
	}
	if said.Flags.HasBackupEligible() != c.BackupEligible {
		return false, fmt.Errorf("%w: its backup eligibility changed", ErrRefused)
	}
	// A passkey without a counter says zero every time.
	if (said.Counter != 0 || c.SignCount != 0) && said.Counter <= c.SignCount {
		return false, fmt.Errorf("%w: from %d to %d", ErrCloned, c.SignCount, said.Counter)
	}
	c.SignCount, c.BackedUp = said.Counter, said.Flags.HasBackupState()
	return said.Flags.HasUserVerified(), nil
}

// verifySignature lets the library go through the standard's whole list once more,
// and check the signature.
func (rp RelyingParty) verifySignature(a *Assertion, c *Credential, challenge []byte) error {
	origins := []string{a.answer.Response.CollectedClientData.Origin} // was judged
	const noAppID = ""
	err := a.answer.Verify(Encode(challenge), rp.ID, noAppID, origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, rp.RequiresVerification, true, c.PublicKey, protocol.SignaturePolicy{})
	return wrap(ErrRefused, err)
}

// Decoy returns a passkey of which it takes as long to find out that an answer is
// not made with it as of any other. What is proved about it proves nothing: its
// key is the generator of P-256, whose private half is the number one.
func Decoy(id []byte) Credential {
	curve := elliptic.P256().Params()
	key := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01} // kty EC2, alg ES256, crv P-256
	for label, coordinate := range []*big.Int{curve.Gx, curve.Gy} {
		key = append(key, byte(0x21+label), 0x58, 32)
		key = append(key, coordinate.FillBytes(make([]byte, 32))...)
	}
	return Credential{ID: id, PublicKey: key}
}
