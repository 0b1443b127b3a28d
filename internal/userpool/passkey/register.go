package passkey

import (
	"fmt"

	"github.com/go-webauthn/webauthn/metadata"
	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/google/uuid"
)

// Bounds of what is kept of a passkey beside its key.
const (
	maxTransports = 8
	maxTransport  = 32
)

// RSA keys that are taken, in bits.
const (
	minRSA = 2048
	maxRSA = 4096
)

// Register verifies a RegistrationResponseJSON that answers creation options with
// this challenge, and returns the new passkey. Attestation is not asked for: none
// is taken, and that of a passkey by its own key.
func (rp RelyingParty) Register(document, challenge []byte) (*Credential, error) {
	if len(document) > maxDocument {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrMalformed, maxDocument)
	}
	answer, err := protocol.ParseCredentialCreationResponseBytes(document)
	if err != nil {
		return nil, wrap(ErrMalformed, err)
	}
	if err := rp.checkClient(&answer.Response.CollectedClientData, protocol.CreateCeremony, challenge); err != nil {
		return nil, err
	}
	object := &answer.Response.AttestationObject
	if err := rp.checkAuthenticator(&object.AuthData, ErrUnsupported); err != nil {
		return nil, err
	}
	if err := checkKey(object.AuthData.AttData.CredentialPublicKey); err != nil {
		return nil, err
	}
	if err := checkAttestation(object); err != nil {
		return nil, err
	}
	if err := rp.verifyRegistration(answer, challenge); err != nil {
		return nil, err
	}
	return newCredential(answer)
}

// verifyRegistration lets the library go through the standard's whole list once more,
// and check the attestation's signature.
func (rp RelyingParty) verifyRegistration(answer *protocol.ParsedCredentialCreationData, challenge []byte) error {
	origins := []string{answer.Response.CollectedClientData.Origin} // was judged
	var offered []protocol.CredentialParameter
	for _, algorithm := range algorithms {
		offered = append(offered, protocol.CredentialParameter{
			Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.COSEAlgorithmIdentifier(algorithm),
		})
	}
	var noMetadata metadata.Provider
	_, err := answer.Verify(Encode(challenge), rp.ID, origins, nil, nil, protocol.TopOriginExplicitVerificationMode,
		false, rp.RequiresVerification, true, noMetadata, offered, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	return wrap(ErrUnsupported, err)
}

// checkKey takes the keys of the algorithms that are offered: ECDSA on P-256, and
// RSA of usual sizes.
func checkKey(cose []byte) error {
	key, err := webauthncose.ParsePublicKey(cose)
	if err != nil {
		return wrap(ErrUnsupported, err)
	}
	switch key := key.(type) {
	case webauthncose.EC2PublicKeyData:
		if key.Algorithm == algES256 {
			return nil
		}
	case webauthncose.RSAPublicKeyData:
		if bits := 8 * len(key.Modulus); key.Algorithm == algRS256 && bits >= minRSA && bits <= maxRSA {
			return nil
		}
	}
	return fmt.Errorf("%w: its public key", ErrUnsupported)
}

// checkAttestation refuses attestations by others than the passkey itself.
func checkAttestation(object *protocol.AttestationObject) error {
	switch protocol.AttestationFormat(object.Format) {
	case protocol.AttestationFormatNone:
		return nil
	case protocol.AttestationFormatPacked:
		_, certified := object.AttStatement["x5c"]
		_, grouped := object.AttStatement["ecdaaKeyId"]
		if !certified && !grouped {
			return nil
		}
	}
	return fmt.Errorf("%w: attestation %q", ErrUnsupported, object.Format)
}

func newCredential(answer *protocol.ParsedCredentialCreationData) (*Credential, error) {
	said := &answer.Response.AttestationObject.AuthData
	model, err := uuid.FromBytes(said.AttData.AAGUID)
	if err != nil {
		return nil, wrap(ErrMalformed, err)
	}
	c := &Credential{
		ID: said.AttData.CredentialID, PublicKey: said.AttData.CredentialPublicKey, AAGUID: model,
		Attachment: string(answer.AuthenticatorAttachment), Transports: []string{}, SignCount: said.Counter,
		BackupEligible: said.Flags.HasBackupEligible(), BackedUp: said.Flags.HasBackupState(),
	}
	if len(answer.Response.Transports) > maxTransports {
		return nil, fmt.Errorf("%w: more than %d transports", ErrMalformed, maxTransports)
	}
	for _, t := range answer.Response.Transports {
		if t == "" || len(t) > maxTransport {
			return nil, fmt.Errorf("%w: transport %q", ErrMalformed, t)
		}
		c.Transports = append(c.Transports, string(t))
	}
	return c, nil
}

// wrap puts one of the package's errors around one of the library's.
func wrap(kind, err error) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*protocol.Error); ok && e.DevInfo != "" {
		return fmt.Errorf("%w: %s: %s", kind, e.Details, e.DevInfo)
	}
	return fmt.Errorf("%w: %w", kind, err)
}
