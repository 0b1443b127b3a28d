package keys

import (
	"crypto/aes"
	"crypto/cipher"
)

// xaesNonceSize is the length of an XAES-256-GCM nonce.
const xaesNonceSize = 24

// xaes is XAES-256-GCM (C2SP): AES-256-GCM under a key derived for each nonce.
// Its nonces are long enough to be drawn at random for any number of messages,
// where plain GCM allows 2^32 under one key; a server that seals a token at each
// sign-in for years would pass that.
type xaes struct {
	block cipher.Block // AES under the main key
	mask  [aes.BlockSize]byte
}

func newXAES(key []byte) *xaes {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for lengths that no caller uses
	}
	x := &xaes{block: block}
	block.Encrypt(x.mask[:], x.mask[:])
	var carry byte
	for i := len(x.mask) - 1; i >= 0; i-- { // double, in GF(2^128)
		x.mask[i], carry = x.mask[i]<<1|carry, x.mask[i]>>7
	}
	x.mask[len(x.mask)-1] ^= carry * 0x87
	return x
}

// aead returns the cipher for a nonce, and the part of the nonce that it takes.
func (x *xaes) aead(nonce []byte) (cipher.AEAD, []byte) {
	key := make([]byte, 2*aes.BlockSize)
	for i := range 2 {
		half := key[i*aes.BlockSize:][:aes.BlockSize]
		copy(half, []byte{0, byte(i + 1), 'X', 0})
		copy(half[4:], nonce[:12])
		for j, b := range x.mask {
			half[j] ^= b
		}
		x.block.Encrypt(half, half)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // the length is right
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM wants
	}
	return aead, nonce[12:xaesNonceSize]
}
