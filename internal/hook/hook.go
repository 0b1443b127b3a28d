// Package hook signs the calls that Pintail makes to webhooks, so that a receiver knows
// who asks: the functions of user pools, and receivers of event streams.
package hook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Headers of a call.
const (
	TimestampHeader = "Pintail-Timestamp" // when it was signed, in Unix seconds
	SignatureHeader = "Pintail-Signature" // "v1=" and the hexadecimal signature
)

const signatureVersion = "v1="

// MinSecret is the length, in bytes, below which a secret can be guessed.
const MinSecret = 16

// Sign says in a request's header who makes it and when. body is the request's, byte for
// byte.
func Sign(r *http.Request, secret, body []byte, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	r.Header.Set("User-Agent", "pintail")
	r.Header.Set(TimestampHeader, timestamp)
	r.Header.Set(SignatureHeader, signatureVersion+hex.EncodeToString(sign(secret, timestamp, body)))
}

// NewClient returns a client that keeps so many idle connections. It follows no
// redirects: what is signed for one address must not be carried to another.
func NewClient(idle int) *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = idle
	transport.IdleConnTimeout = time.Minute
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// sign returns the signature of a call: HMAC-SHA256 over the timestamp, a full
// stop and the body.
func sign(secret []byte, timestamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return mac.Sum(nil)
}

// signatureLife is how old a call may be, and how far ahead its sender's clock.
const signatureLife = 5 * time.Minute

// Verify tells whether a webhook call was signed with a secret, and lately. body is
// the request's body, byte for byte. A receiver refuses a call for which Verify
// returns an error. The same in another language: take both headers, refuse a
// timestamp that is more than five minutes off, compute HMAC-SHA256 over
// "<timestamp>.<body>" and compare it, in constant time, with what follows "v1=".
func Verify(secret []byte, header http.Header, body []byte, now time.Time) error {
	timestamp := header.Get(TimestampHeader)
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil {
		return errors.New(TimestampHeader + " is missing or not a number")
	}
	if age := now.Sub(time.Unix(seconds, 0)); age > signatureLife || age < -signatureLife {
		return fmt.Errorf("the call was signed %s ago", age)
	}
	signature, err := hex.DecodeString(trimVersion(header.Get(SignatureHeader)))
	if err != nil || !hmac.Equal(signature, sign(secret, timestamp, body)) {
		return errors.New(SignatureHeader + " does not match")
	}
	return nil
}

// trimVersion returns a signature without its version, "" for another version.
func trimVersion(header string) string {
	if len(header) < len(signatureVersion) || header[:len(signatureVersion)] != signatureVersion {
		return ""
	}
	return header[len(signatureVersion):]
}
