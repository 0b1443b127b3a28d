package idp

import (
	"errors"
	"testing"
)

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"1"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"oct","k":"AA"}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := parseKeySet(document)
		if err != nil && !errors.Is(err, ErrUnreachable) || err == nil && len(keys) == 0 {
			t.Errorf("%d keys, %v", len(keys), err)
		}
		for _, k := range keys {
			for _, alg := range algorithms {
				_, _ = pick(keys, k.id, alg)
			}
		}
	})
}
