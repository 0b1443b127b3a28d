package passkey

import "encoding/json"

// User is the account that a passkey is made for, as the authenticator keeps it.
type User struct {
	Handle []byte // comes back with every answer
	Name   string
}

const (
	publicKey = "public-key"

	// How long a browser may wait for the user, in milliseconds.
	creationTimeout = 60_000
	requestTimeout  = 180_000
)

// COSE algorithms that are offered, the preferred one first.
var algorithms = []int{algES256, algRS256}

const (
	algES256 = -7
	algRS256 = -257
)

// creationOptions are PublicKeyCredentialCreationOptionsJSON.
type creationOptions struct {
	Selection  selection    `json:"authenticatorSelection"`
	Challenge  string       `json:"challenge"`
	Exclude    []descriptor `json:"excludeCredentials"`
	Parameters []parameter  `json:"pubKeyCredParams"`
	RP         entity       `json:"rp"`
	Timeout    int          `json:"timeout"`
	User       userEntity   `json:"user"`
}

type selection struct {
	RequireResidentKey bool   `json:"requireResidentKey"`
	ResidentKey        string `json:"residentKey"`
	UserVerification   string `json:"userVerification"`
}

type parameter struct {
	Algorithm int    `json:"alg"`
	Type      string `json:"type"`
}

type entity struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type userEntity struct {
	DisplayName string `json:"displayName"`
	ID          string `json:"id"`
	Name        string `json:"name"`
}

// descriptor names a passkey. Transports are absent where they are of no use.
type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitzero"`
}

// requestOptions are PublicKeyCredentialRequestOptionsJSON.
type requestOptions struct {
	Challenge        string       `json:"challenge"`
	Timeout          int          `json:"timeout"`
	RPID             string       `json:"rpId"`
	Allow            []descriptor `json:"allowCredentials"`
	UserVerification string       `json:"userVerification"`
}

// CreationOptions returns what a browser needs to register a passkey that is none
// of those that the user has.
func (rp RelyingParty) CreationOptions(u User, has []Credential, challenge []byte) ([]byte, error) {
	o := creationOptions{
		Selection: selection{RequireResidentKey: true, ResidentKey: "required", UserVerification: rp.verification()},
		Challenge: Encode(challenge),
		Exclude:   []descriptor{},
		RP:        entity{rp.ID, rp.ID},
		Timeout:   creationTimeout,
		User:      userEntity{DisplayName: u.Name, ID: Encode(u.Handle), Name: u.Name},
	}
	for _, c := range has {
		o.Exclude = append(o.Exclude, descriptor{Type: publicKey, ID: Encode(c.ID)})
	}
	for _, algorithm := range algorithms {
		o.Parameters = append(o.Parameters, parameter{algorithm, publicKey})
	}
	return json.Marshal(o)
}

// RequestOptions returns what a browser needs to sign in with one of the user's
// passkeys.
func (rp RelyingParty) RequestOptions(has []Credential, challenge []byte) ([]byte, error) {
	o := requestOptions{
		Challenge: Encode(challenge), Timeout: requestTimeout, RPID: rp.ID,
		Allow: []descriptor{}, UserVerification: rp.verification(),
	}
	for _, c := range has {
		transports := append([]string{}, c.Transports...)
		o.Allow = append(o.Allow, descriptor{publicKey, Encode(c.ID), transports})
	}
	return json.Marshal(o)
}

func (rp RelyingParty) verification() string {
	if rp.RequiresVerification {
		return "required"
	}
	return "preferred"
}
