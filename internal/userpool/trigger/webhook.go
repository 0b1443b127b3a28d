package trigger

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Headers of a webhook call.
const (
	TimestampHeader = "Pintail-Timestamp" // when it was signed, in Unix seconds
	SignatureHeader = "Pintail-Signature" // "v1=" and the hexadecimal signature
)

const signatureVersion = "v1="

// webhook is a function behind a URL. It gets the event by POST and answers 2xx
// with the event, or 4xx or 5xx with {"errorMessage": "...", "errorType": "..."},
// which is what Lambda's Runtime API calls a function error.
type webhook struct {
	url    string
	secret []byte
	now    func() time.Time
	client *http.Client
}

func (w *webhook) call(ctx context.Context, in invocation) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(in.event))
	if err != nil {
		return nil, err
	}
	timestamp := strconv.FormatInt(w.now().Unix(), 10)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "pintail")
	r.Header.Set(TimestampHeader, timestamp)
	r.Header.Set(SignatureHeader, signatureVersion+hex.EncodeToString(sign(w.secret, timestamp, in.event)))
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := readAnswer(answer.Body)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 == 2 {
		return body, nil
	}
	if e, ok := thrown(body); ok && answer.StatusCode >= 400 {
		return nil, e
	}
	return nil, failed("HTTP status "+strconv.Itoa(answer.StatusCode), fmt.Errorf("the webhook answered %s without an errorMessage", answer.Status))
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
