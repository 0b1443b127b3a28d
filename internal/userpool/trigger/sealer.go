package trigger

import (
	"cmp"
	"encoding/hex"
	"errors"

	"github.com/go-json-experiment/json/jsontext"
)

// CodeSealer makes of a code what a custom sender gets.
type CodeSealer interface {
	SealCode(userPoolID, code string) (string, error)
}

// Sealer returns the sealer for a pool's KMSKeyID. Where the file maps it to no key
// the code stays in clear, which is what a function of one's own wants; AWS always
// seals it.
func (inv *Invoker) Sealer(kmsKeyID string) CodeSealer {
	if inv != nil {
		if key := inv.keys[kmsKeyID]; key != nil {
			return key
		}
	}
	return inClear{}
}

// inClear leaves codes as they are.
type inClear struct{}

func (inClear) SealCode(_, code string) (string, error) { return code, nil }

// rawKey stands in for a KMS key: a raw AES key under a name, as the raw AES
// keyrings of the AWS Encryption SDK want it.
type rawKey struct {
	namespace, name string
	key             [32]byte
}

// keyEntry is what the file says of one KMSKeyID.
type keyEntry struct {
	RawAES    secret `json:"raw-aes"` // 32 bytes, hexadecimal
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

// key makes what an entry describes.
func (l *loader) key(id string, text jsontext.Value) (*rawKey, error) {
	var e keyEntry
	if err := strict(text, &e); err != nil {
		return nil, err
	}
	digits, err := l.reveal(e.RawAES)
	if err != nil {
		return nil, err
	}
	bytes, err := hex.DecodeString(digits)
	if err != nil || len(bytes) != 32 {
		return nil, errors.New("raw-aes is not 32 bytes in hexadecimal: make one with openssl rand -hex 32")
	}
	return &rawKey{namespace: cmp.Or(e.Namespace, "pintail"), name: cmp.Or(e.Name, id), key: [32]byte(bytes)}, nil
}
