package srp

import (
	"bytes"
	"math/big"
	"strings"
	"testing"
)

func FuzzChallenge(f *testing.F) {
	v := Decoy([]byte("fuzz"))
	for _, s := range []string{"", "0", "1", "aBc", "00ff", "-1", "0x1", primeHex, primeHex + "00", strings.Repeat("f", 770), strings.Repeat("0", 771)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := v.Challenge(s)
		digits := strings.Trim(strings.ToLower(s), "0123456789abcdef") == "" && s != "" && len(s) <= 770
		want, ok := new(big.Int).SetString(s, 16)
		if usable := digits && ok && new(big.Int).Mod(want, prime).Sign() != 0; usable != (err == nil) {
			t.Fatalf("%q: error is %v", s, err)
		}
		if err == nil && new(big.Int).SetBytes(e.client).Cmp(want) != 0 {
			t.Fatalf("%q was read as %x", s, e.client)
		}
	})
}

func FuzzUnmarshal(f *testing.F) {
	e, err := Decoy([]byte("fuzz")).Challenge("abc")
	if err != nil {
		f.Fatal(err)
	}
	data, _ := e.MarshalBinary()
	f.Add(data)
	f.Add(data[:len(data)-2])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := new(Exchange)
		if e.UnmarshalBinary(data) == nil {
			if back, _ := e.MarshalBinary(); !bytes.Equal(back, data) {
				t.Fatalf("exchange %x came back as %x", data, back)
			}
		}
		v := new(Verifier)
		if v.UnmarshalBinary(data) == nil {
			if back, _ := v.MarshalBinary(); !bytes.Equal(back, data) {
				t.Fatalf("verifier %x came back as %x", data, back)
			}
		}
	})
}
