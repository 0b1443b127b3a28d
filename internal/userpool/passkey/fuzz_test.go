package passkey_test

import (
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"pintail/internal/userpool/passkey"
	"pintail/internal/userpool/passkey/passkeytest"
)

// Documents of strangers never crash the verifier, and a passkey that it takes has
// an id and a key that can be used.
func FuzzRegister(f *testing.F) {
	challenge := []byte("challenge of the fuzz run")
	options, err := party.CreationOptions(ada, nil, challenge)
	if err != nil {
		f.Fatal(err)
	}
	for _, lies := range [][]passkeytest.Lie{nil, lie(passkeytest.Packed(f)), lie(func(c *passkeytest.Ceremony) { c.Format = "apple" })} {
		_, answer := passkeytest.Create(f, options, origin, passkeytest.NewES256(f), lies...)
		f.Add(answer)
	}
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		c, err := party.Register(document, challenge)
		if (c == nil) != (err != nil) || c != nil && (len(c.ID) == 0 || len(c.PublicKey) == 0) {
			t.Fatalf("%+v %v", c, err)
		}
	})
}

// The same for the CBOR within, where the JSON around it is good.
func FuzzAttestationObject(f *testing.F) {
	challenge := []byte("challenge of the fuzz run")
	options, err := party.CreationOptions(ada, nil, challenge)
	if err != nil {
		f.Fatal(err)
	}
	_, answer := passkeytest.Create(f, options, origin, passkeytest.NewES256(f), passkeytest.Packed(f))
	var good map[string]any
	if err := json.Unmarshal(answer, &good); err != nil {
		f.Fatal(err)
	}
	response := good["response"].(map[string]any)
	object, err := passkey.Decode(response["attestationObject"].(string))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(object)
	for _, item := range []any{nil, 1, []any{}, map[string]any{"fmt": "none", "authData": make([]byte, 37)}} {
		seed, err := cbor.Marshal(item)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Add([]byte{0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) // an array of 2^64-1 items
	f.Fuzz(func(t *testing.T, object []byte) {
		response["attestationObject"] = passkey.Encode(object)
		document, err := json.Marshal(good)
		if err != nil {
			t.Fatal(err)
		}
		c, err := party.Register(document, challenge)
		if (c == nil) != (err != nil) {
			t.Fatalf("%+v %v", c, err)
		}
	})
}

// Nobody signs in without the key: what the fuzzer makes is either the seed or refused.
func FuzzVerify(f *testing.F) {
	held, c, err := register(f, party, passkeytest.NewES256(f))
	if err != nil {
		f.Fatal(err)
	}
	challenge := []byte("challenge of the fuzz run")
	options, err := party.RequestOptions([]passkey.Credential{*c}, challenge)
	if err != nil {
		f.Fatal(err)
	}
	good := held.Get(f, options, origin)
	f.Add(good)
	f.Add([]byte(`{"id":"AA","rawId":"AA","type":"public-key","response":{}}`))
	var signed struct {
		Response struct{ AuthenticatorData, ClientDataJSON, Signature string }
	}
	if err := json.Unmarshal(good, &signed); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		a, err := passkey.ParseAssertion(document)
		if err != nil {
			return
		}
		fresh := *c
		if _, err := party.Verify(a, &fresh, challenge); err != nil {
			return
		}
		got := signed
		if err := json.Unmarshal(document, &got); err != nil || got != signed {
			t.Fatalf("taken: %s", document)
		}
	})
}
