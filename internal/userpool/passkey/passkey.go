// Package passkey is the WebAuthn arithmetic of a relying party: it makes the
// options with which a browser registers a passkey or signs in with one, and
// verifies what the browser answers (Web Authentication Level 3, W3C). It keeps
// nothing and knows no users: challenges and credentials are the caller's.
//
// Documents are those of the standard's JSON forms, as
// PublicKeyCredential.toJSON() makes them and parseCreationOptionsFromJSON() and
// parseRequestOptionsFromJSON() read them: binary values are base64url without
// padding.
package passkey

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/google/uuid"
)

// Why an answer is refused. Errors of this package wrap one of these.
var (
	// ErrMalformed means that a document is not an answer of its kind.
	ErrMalformed = errors.New("passkey: malformed credential")
	// ErrChallenge means that the answer is to another challenge.
	ErrChallenge = errors.New("passkey: answers another challenge")
	// ErrOrigin means that the page or app that asked is not the relying party's.
	ErrOrigin = errors.New("passkey: origin not allowed")
	// ErrRelyingParty means that the passkey belongs to another relying party.
	ErrRelyingParty = errors.New("passkey: made for another relying party")
	// ErrUnsupported means that a new passkey is of a kind that is not taken: its
	// algorithm, its attestation, or that it did not verify its user.
	ErrUnsupported = errors.New("passkey: not supported")
	// ErrRefused means that the answer does not prove possession of the passkey.
	ErrRefused = errors.New("passkey: refused")
	// ErrCloned means that the signature is good and its counter went back: there
	// is more than one copy of a passkey that should exist once.
	ErrCloned = errors.New("passkey: the signature counter went back")
)

// Credential is a registered passkey: its public half.
type Credential struct {
	ID         []byte
	PublicKey  []byte // a COSE key
	AAGUID     uuid.UUID
	Attachment string `json:",omitzero"` // platform, cross-platform, or ""
	Transports []string
	SignCount  uint32 `json:",omitzero"`
	// BackupEligible tells a passkey that may be synchronised between devices, and
	// BackedUp one that is.
	BackupEligible bool `json:",omitzero"`
	BackedUp       bool `json:",omitzero"`
}

// RelyingParty is whom passkeys are for.
type RelyingParty struct {
	// ID is a domain. A passkey works on it and below it.
	ID string
	// RequiresVerification says that a passkey must verify its user, by a PIN or
	// by what they are, beside being there.
	RequiresVerification bool
}

const (
	challengeSize = 32
	// maxDocument bounds an answer, in bytes: the largest keys need a tenth of it.
	maxDocument = 32 << 10
)

// NewChallenge returns a challenge that nobody can foresee.
func NewChallenge() []byte {
	challenge := make([]byte, challengeSize)
	rand.Read(challenge)
	return challenge
}

// Encode returns bytes as WebAuthn's JSON forms write them.
func Encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Decode is Encode backwards. It takes one spelling of the bytes only.
func Decode(text string) ([]byte, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || Encode(b) != text {
		return nil, fmt.Errorf("%w: not base64url", ErrMalformed)
	}
	return b, nil
}

// checkClient judges what the browser says about the ceremony, which the passkey
// signs with its answer.
func (rp RelyingParty) checkClient(said *protocol.CollectedClientData, want protocol.CeremonyType, challenge []byte) error {
	if said.Type != want {
		return fmt.Errorf("%w: client data of the type %q", ErrMalformed, said.Type)
	}
	if len(challenge) == 0 || subtle.ConstantTimeCompare([]byte(said.Challenge), []byte(Encode(challenge))) != 1 {
		return ErrChallenge
	}
	if !rp.allows(said.Origin) {
		return fmt.Errorf("%w: %q for %s", ErrOrigin, said.Origin, rp.ID)
	}
	if said.CrossOrigin {
		return fmt.Errorf("%w: asked within a page of another origin", ErrOrigin)
	}
	return nil
}

// checkAuthenticator judges what the passkey says about itself. Its refusal of a
// missing gesture wraps unfit.
func (rp RelyingParty) checkAuthenticator(said *protocol.AuthenticatorData, unfit error) error {
	if hash := sha256.Sum256([]byte(rp.ID)); subtle.ConstantTimeCompare(said.RPIDHash, hash[:]) != 1 {
		return ErrRelyingParty
	}
	switch {
	case !said.Flags.HasUserPresent():
		return fmt.Errorf("%w: no user was present", unfit)
	case rp.RequiresVerification && !said.Flags.HasUserVerified():
		return fmt.Errorf("%w: the user was not verified", unfit)
	case said.Flags.HasBackupState() && !said.Flags.HasBackupEligible():
		return fmt.Errorf("%w: backed up and not eligible for it", unfit)
	}
	return nil
}

// androidOrigin is before the hash of an Android app's certificate in the app's
// origin.
const androidOrigin = "android:apk-key-hash:"

// allows tells whether a page or an app may use the relying party's passkeys:
// pages of its domain and below it over TLS, on any port; pages of this machine,
// where that is the domain; and Android apps, which name the hash of their
// certificate and to which Android itself gives passkeys of domains only that
// vouch for them (Digital Asset Links).
func (rp RelyingParty) allows(origin string) bool {
	if hash, ok := strings.CutPrefix(origin, androidOrigin); ok {
		sum, err := Decode(hash)
		return err == nil && len(sum) == sha256.Size
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme+"://"+u.Host != origin { // nothing but scheme, host and port
		return false
	}
	host := u.Hostname()
	if u.Scheme == "http" {
		return rp.ID == "localhost" && host == rp.ID
	}
	return u.Scheme == "https" && rp.ID != "" && (host == rp.ID || strings.HasSuffix(host, "."+rp.ID))
}
