// Package passkeytest is a browser with a software authenticator, for tests: it
// answers creation and request options as real ones do, and lies where a test
// wants it to.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Flags of the authenticator data.
const (
	UserPresent    byte = 1 << 0
	UserVerified   byte = 1 << 2
	BackupEligible byte = 1 << 3
	BackedUp       byte = 1 << 4
	attested       byte = 1 << 6
)

// Algorithms of COSE.
const (
	ES256 = -7
	RS256 = -257
)

// Passkey is a key pair that the authenticator holds.
type Passkey struct {
	ID      []byte
	Key     crypto.Signer
	RPID    string
	Handle  []byte // of the user that it was made for
	Counter uint32 // of the last signature
}

// Ceremony is what browser and authenticator are about to say. A test that changes
// it lies with a good signature.
type Ceremony struct {
	Type, Challenge, Origin string // of the client data
	CrossOrigin             bool
	RPID                    string
	Flags                   byte
	Counter                 uint32
	ID, Handle              []byte
	Signer                  crypto.Signer
	Attachment              string

	// In registrations.
	AAGUID     [16]byte
	Public     any // the COSE key
	Format     string
	Statement  map[string]any
	Transports []string
}

// canonical is how authenticators write CBOR: the same bytes every time.
var canonical, _ = cbor.CTAP2EncOptions().EncMode()

// Lie changes a ceremony.
type Lie func(*Ceremony)

// NewES256 returns a key on P-256.
func NewES256(t testing.TB) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

// Known returns the key on P-256 whose private half is a number.
func Known(t testing.TB, number byte) crypto.Signer {
	secret := make([]byte, 32)
	secret[31] = number
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), secret)
	must(t, err)
	return key
}

// NewRS256 returns an RSA key.
func NewRS256(t testing.TB, bits int) crypto.Signer {
	key, err := rsa.GenerateKey(rand.Reader, bits)
	must(t, err)
	return key
}

// Create answers creation options with a new passkey for the key, as a page of the
// origin gets it: the passkey, and the RegistrationResponseJSON.
func Create(t testing.TB, options []byte, origin string, key crypto.Signer, lies ...Lie) (*Passkey, []byte) {
	t.Helper()
	var asked struct {
		Challenge string              `json:"challenge"`
		RP        struct{ ID string } `json:"rp"`
		User      struct{ ID string } `json:"user"`
	}
	must(t, json.Unmarshal(options, &asked))
	p := &Passkey{ID: make([]byte, 20), Key: key, RPID: asked.RP.ID, Handle: decode(t, asked.User.ID)}
	rand.Read(p.ID)
	c := &Ceremony{
		Type: "webauthn.create", Challenge: asked.Challenge, Origin: origin, RPID: p.RPID,
		Flags: UserPresent | UserVerified | attested, ID: p.ID, Signer: key, Attachment: "platform",
		Public: COSE(t, key), Format: "none", Statement: map[string]any{}, Transports: []string{"internal"},
	}
	for _, lie := range lies {
		lie(c)
	}
	return p, c.registration(t)
}

// Packed is an attestation by the passkey's own key. It belongs behind other lies.
func Packed(t testing.TB) Lie {
	return func(c *Ceremony) {
		c.Format = "packed"
		c.Statement = map[string]any{"alg": algorithm(c.Signer), "sig": c.sign(t, c.authenticatorData(t), c.clientData(t))}
	}
}

// Get answers request options with the passkey, whether or not they ask for it:
// the AuthenticationResponseJSON.
func (p *Passkey) Get(t testing.TB, options []byte, origin string, lies ...Lie) []byte {
	t.Helper()
	var asked struct {
		Challenge string `json:"challenge"`
	}
	must(t, json.Unmarshal(options, &asked))
	p.Counter++
	c := &Ceremony{
		Type: "webauthn.get", Challenge: asked.Challenge, Origin: origin, RPID: p.RPID,
		Flags: UserPresent | UserVerified, Counter: p.Counter, ID: p.ID, Handle: p.Handle, Signer: p.Key, Attachment: "platform",
	}
	for _, lie := range lies {
		lie(c)
	}
	return c.assertion(t)
}

// COSE returns a public key as COSE writes it.
func COSE(t testing.TB, key crypto.Signer) map[int]any {
	switch public := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		must(t, err)
		return map[int]any{1: 2, 3: ES256, -1: 1, -2: point[1:33], -3: point[33:]}
	case *rsa.PublicKey:
		return map[int]any{1: 3, 3: RS256, -1: public.N.Bytes(), -2: []byte{1, 0, 1}}
	}
	t.Fatalf("no COSE form of %T", key.Public())
	return nil
}

func algorithm(key crypto.Signer) int {
	if _, ok := key.(*rsa.PrivateKey); ok {
		return RS256
	}
	return ES256
}

func (c *Ceremony) registration(t testing.TB) []byte {
	authData := c.authenticatorData(t)
	object, err := canonical.Marshal(map[string]any{"fmt": c.Format, "attStmt": c.Statement, "authData": authData})
	must(t, err)
	return c.answer(t, map[string]any{
		"clientDataJSON": encode(c.clientData(t)), "attestationObject": encode(object), "transports": c.Transports,
		"authenticatorData": encode(authData), "publicKeyAlgorithm": algorithm(c.Signer),
	})
}

func (c *Ceremony) assertion(t testing.TB) []byte {
	authData, clientData := c.authenticatorData(t), c.clientData(t)
	response := map[string]any{
		"clientDataJSON": encode(clientData), "authenticatorData": encode(authData), "signature": encode(c.sign(t, authData, clientData)),
	}
	if c.Handle != nil {
		response["userHandle"] = encode(c.Handle)
	}
	return c.answer(t, response)
}

func (c *Ceremony) answer(t testing.TB, response map[string]any) []byte {
	text, err := json.Marshal(map[string]any{
		"id": encode(c.ID), "rawId": encode(c.ID), "type": "public-key", "authenticatorAttachment": c.Attachment,
		"clientExtensionResults": map[string]any{}, "response": response,
	})
	must(t, err)
	return text
}

func (c *Ceremony) clientData(t testing.TB) []byte {
	text, err := json.Marshal(map[string]any{"type": c.Type, "challenge": c.Challenge, "origin": c.Origin, "crossOrigin": c.CrossOrigin})
	must(t, err)
	return text
}

func (c *Ceremony) authenticatorData(t testing.TB) []byte {
	hash := sha256.Sum256([]byte(c.RPID))
	data := append(hash[:], c.Flags)
	data = binary.BigEndian.AppendUint32(data, c.Counter)
	if c.Flags&attested == 0 {
		return data
	}
	public, err := canonical.Marshal(c.Public)
	must(t, err)
	data = append(data, c.AAGUID[:]...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(c.ID)))
	return append(append(data, c.ID...), public...)
}

func (c *Ceremony) sign(t testing.TB, authData, clientData []byte) []byte {
	hash := sha256.Sum256(clientData)
	sum := sha256.Sum256(append(authData, hash[:]...))
	signature, err := c.Signer.Sign(rand.Reader, sum[:], crypto.SHA256)
	must(t, err)
	return signature
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode(t testing.TB, text string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(text)
	must(t, err)
	return b
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
