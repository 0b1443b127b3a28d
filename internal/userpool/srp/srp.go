// Package srp is the Secure Remote Password protocol (SRP-6a) in the form that
// Amazon Cognito's clients speak: a client proves that it knows a password, and
// the server, which keeps only a salt and a verifier, never sees it.
//
// The user pool's sign-in flows call it, for users and for remembered devices:
//
//  1. at sign-up or a password change, [NewVerifier] makes what is stored; a
//     device brings its own, which [ParseVerifier] checks;
//  2. InitiateAuth brings the client's public value A; [Verifier.Challenge]
//     answers it with B. The [Exchange] that both steps share is handed to the
//     client sealed, so that any server can take the second step;
//  3. RespondToAuthChallenge brings a [Claim], which [Exchange.Accepts] judges.
//
// [Client] is the other side, for tests and load generators. The package does no
// I/O besides drawing random bytes.
//
// # What is secret
//
// The password and everything that stems from it alone (x and the verifier v),
// the server's exponent b, the shared S and the key K are secret; N, g, k, the
// salt, A, B and u are known to whoever listens. On the server every secret is
// handled by [element], whose operations take the same time for all values, and
// comparisons are constant-time as well. What remains visible is the length of
// the number S, because the protocol hashes it without leading zeros; a sealed b
// serves a single A, so that nothing can be gathered from it over many tries.
//
// Sources: RFC 2945, RFC 5054, and the published clients for what differs from
// them: padding as in Java's BigInteger.toByteArray, the user name in x prefixed
// by the pool's name, and the derivation of the key.
package srp

import (
	"crypto/hmac"
	"crypto/sha256"
)

// TimestampLayout is the layout, for package time, of the timestamp under a
// claim's signature: UTC, in English, the day without a leading zero.
const TimestampLayout = "Mon Jan 2 15:04:05 UTC 2006"

// keyLabel is the HKDF info of the shared key.
const keyLabel = "Caldera Derived Key"

// multiplier is the protocol's k = H(pad(N) ‖ pad(g)).
var multiplier = hash(pad(prime.Bytes()), pad([]byte{2}))

// Identity names the account that a password belongs to; it is part of what is
// hashed.
type Identity struct {
	// Pool is a pool id's part after the underscore, or a device's group key.
	Pool string
	// User is the user name that USER_ID_FOR_SRP carries, never an alias of
	// it, or a device key.
	User string
}

// pad returns a number as the protocol hashes it: the shortest big-endian bytes
// of a signed number, which starts with a zero byte where the highest bit of the
// number would make it negative. It takes big-endian bytes with any leading zeros.
func pad(number []byte) []byte {
	for len(number) > 0 && number[0] == 0 {
		number = number[1:]
	}
	if len(number) > 0 && number[0] < 0x80 {
		return number
	}
	return append([]byte{0}, number...)
}

// privateKey returns x = H(pad(salt) ‖ H(pool ‖ user ‖ ":" ‖ password)).
func privateKey(id Identity, password string, salt []byte) [32]byte {
	inner := hash([]byte(id.Pool + id.User + ":" + password))
	return hash(pad(salt), inner[:])
}

// scrambler returns u = H(pad(A) ‖ pad(B)).
func scrambler(a, b []byte) [32]byte { return hash(pad(a), pad(b)) }

// sharedKey returns K: 16 bytes of HKDF-SHA256 of pad(S), salted with pad(u). It
// is written out because one block of HKDF is two HMACs.
func sharedKey(s []byte, u [32]byte) []byte {
	extracted := authenticate(pad(u[:]), pad(s))
	return authenticate(extracted, []byte(keyLabel), []byte{1})[:16]
}

// signature returns what a client that knows the key puts on a claim.
func signature(key []byte, id Identity, secretBlock []byte, timestamp string) []byte {
	return authenticate(key, []byte(id.Pool+id.User), secretBlock, []byte(timestamp))
}

// authenticate returns the HMAC-SHA256 of the parts, one after the other.
func authenticate(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

// hash returns the SHA-256 of the parts, one after the other.
func hash(parts ...[]byte) [32]byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}
