package trigger_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/go-json-experiment/json"

	"pintail/internal/userpool/trigger"
)

const kmsKey = "arn:aws:kms:us-east-1:123456789012:key/8a23102c"

// rawKey is 00 01 02 ... 1f.
func rawKey() []byte {
	key := make([]byte, 32)
	for i := range key {
		key[i] = byte(i)
	}
	return key
}

// opened is what an Encryption SDK message holds.
type opened struct{ namespace, name, context, code string }

// reader reads a message front to back.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if n > len(r.rest) {
		r.err = io.ErrUnexpectedEOF
		return make([]byte, n)
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}
func (r *reader) u16() int      { return int(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) u32() uint32   { return binary.BigEndian.Uint32(r.take(4)) }
func (r *reader) sized() []byte { return r.take(r.u16()) }

func aead(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// open decrypts a message of format version 2, suite 0x0478, with one raw AES key
// and one frame, after the published format ("AWS Encryption SDK message format
// reference", "Body additional authenticated data reference", "Algorithms reference").
func open(text string, key []byte) (o opened, err error) {
	message, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return o, err
	}
	r := &reader{rest: message}
	if version, suite := r.take(1)[0], r.u16(); version != 2 || suite != 0x0478 {
		return o, fmt.Errorf("version %d, suite %#x", version, suite)
	}
	id, context := r.take(32), r.sized()
	if count := r.u16(); count != 1 {
		return o, fmt.Errorf("%d data keys", count)
	}
	namespace, info, wrapped := r.sized(), r.sized(), r.sized()
	contentType, frame, commitment := r.take(1)[0], r.u32(), r.take(32)
	header := message[:len(message)-len(r.rest)]
	tag := r.take(16)
	if r.err != nil || contentType != 2 || frame == 0 || len(info) < 20 {
		return o, fmt.Errorf("header: %v, content type %d, frames of %d", r.err, contentType, frame)
	}
	about := &reader{rest: info[len(info)-20:]}
	if tagBits, nonceBytes := about.u32(), about.u32(); tagBits != 128 || nonceBytes != 12 {
		return o, fmt.Errorf("data key: tag of %d bits, nonce of %d bytes", tagBits, nonceBytes)
	}
	dataKey, err := aead(key).Open(nil, about.take(12), wrapped, context)
	if err != nil {
		return o, fmt.Errorf("data key: %w", err)
	}
	derived, err := hkdf.Key(sha512.New, dataKey, id, "\x04\x78DERIVEKEY", 32)
	if err != nil {
		return o, err
	}
	committed, err := hkdf.Key(sha512.New, dataKey, id, "COMMITKEY", 32)
	if err != nil || !bytes.Equal(committed, commitment) {
		return o, errors.Join(err, errors.New("the commitment is to another key"))
	}
	if _, err := aead(derived).Open(nil, make([]byte, 12), tag, header); err != nil {
		return o, fmt.Errorf("header: %w", err)
	}
	if end, sequence := r.u32(), r.u32(); end != 0xFFFFFFFF || sequence != 1 {
		return o, fmt.Errorf("not one final frame: %x, %d", end, sequence)
	}
	nonce := r.take(12)
	length := r.u32()
	about2 := append(bytes.Clone(id), "AWSKMSEncryptionClient Final Frame\x00\x00\x00\x01"...)
	about2 = binary.BigEndian.AppendUint64(about2, uint64(length))
	code, err := aead(derived).Open(nil, nonce, r.take(int(length)+16), about2)
	if err != nil || r.err != nil || len(r.rest) != 0 {
		return o, fmt.Errorf("body: %w, %v, %d bytes left", err, r.err, len(r.rest))
	}
	return opened{string(namespace), string(info[:len(info)-20]), string(context), string(code)}, nil
}

// poolContext is the encryption context that names the pool, as it stands in a message.
const poolContext = "\x00\x01\x00\x0buserpool-id\x00\x13us-east-1_aBcDeFgHi"

// The decoder of this test reads what AWS's own library wrote (@aws-crypto/client-node
// 5.0.2, a raw AES keyring over the key above): so it is a fair judge of ours.
func TestDecoderReadsAWS(t *testing.T) {
	t.Parallel()
	const message = "AgR42SqIcX2clRtQgKvXiKG7Gek2Xjo2DGdKEi+Y6pgBgygAJAABAAt1c2VycG9vbC1pZAATdXMtZWFzdC0xX2FCY0RlRmdIaQABAAdwaW50YWlsABt0aGUga2V5AAAAgAAAAAz6HJFNkF2+RraiHAAAMOTPV1dwR1xw3/pESK3kvVc65oK4ecWEUxdUyYp2Fi21ikKX0KepcYBk0+10ZsyJogIAABAAj4lRQIAYpl7AftAaps2hL9h9Cu4KZImvNTGzGrnVGdpTQ5q5Oi+UQ8cNLU366Xbi/////wAAAAEAAAAAAAAAAAAAAAEAAAAGd4T8dg35qg447uUo+zZrnAYypCge+g=="
	got, err := open(message, rawKey())
	if want := (opened{"pintail", "the key", poolContext, "982921"}); err != nil || got != want {
		t.Errorf("%+q, %v", got, err)
	}
}

// What a sender got.
type senderEvent struct {
	Request struct {
		Type, Code     string
		ClientMetadata map[string]string
	}
}

// sent returns the event that a custom sender got, as it stood on the wire.
func sent(t *testing.T, file object, kind trigger.Kind, e *trigger.SenderEvent) []byte {
	t.Helper()
	got := make(chan []byte, 1)
	server := hook(t, func(w http.ResponseWriter, _ *http.Request, body []byte) {
		got <- body
		w.WriteHeader(http.StatusNoContent)
	})
	config := webhookAt(server.URL)
	for name, value := range file {
		config[name] = value
	}
	before := *e
	if err := invoker(t, trigger.Options{}, config).Send(t.Context(), kind, arn, kmsKey, e); err != nil {
		t.Fatal(err)
	}
	if e.Request.Code != before.Request.Code {
		t.Errorf("Send changed the code in its argument to %q", e.Request.Code)
	}
	return <-got
}

// Without a key a sender gets the code in clear, and no response to fill.
func TestSendInClear(t *testing.T) {
	t.Parallel()
	e := trigger.SenderEvent{Header: header(trigger.CustomEmailSenderSignUp), Request: trigger.SenderRequest{Code: "982921", UserAttributes: attributes}}
	same(t, "e-mail", sent(t, nil, trigger.CustomEmailSender, &e), head("1", "CustomEmailSender_SignUp")+
		`"request":{"type":"customEmailSenderRequestV1","code":"982921","clientMetadata":null,"userAttributes":`+attributesJSON+`}}`)

	e = trigger.SenderEvent{Header: header(trigger.CustomSMSSenderAdminCreateUser), Request: trigger.SenderRequest{
		Code: "a<b>&c", ClientMetadata: trigger.Map{"a": "b"}, UserAttributes: attributes,
	}}
	same(t, "SMS", sent(t, nil, trigger.CustomSMSSender, &e), head("1", "CustomSMSSender_AdminCreateUser")+
		`"request":{"type":"customSMSSenderRequestV1","code":"a&lt;b&gt;&amp;c","clientMetadata":{"a":"b"},"userAttributes":`+attributesJSON+`}}`)

	e = trigger.SenderEvent{Header: header(trigger.CustomEmailSenderAccountTakeOverNotification)}
	same(t, "a warning", sent(t, nil, trigger.CustomEmailSender, &e), head("1", "CustomEmailSender_AccountTakeOverNotification")+
		`"request":{"type":"customEmailSenderRequestV1","code":null,"clientMetadata":null,"userAttributes":{}}}`)
}

// With a key the code is a message of the AWS Encryption SDK, never the same twice,
// and bound to the pool.
func TestSendSealed(t *testing.T) {
	t.Parallel()
	keys := func(more object) object {
		entry := object{"raw-aes": hex.EncodeToString(rawKey())}
		for name, value := range more {
			entry[name] = value
		}
		return object{"keys": object{kmsKey: entry}}
	}
	seen := map[string]bool{}
	for _, test := range []struct {
		file object
		want opened
	}{
		{keys(nil), opened{"pintail", kmsKey, poolContext, "982921"}},
		{keys(object{"namespace": "ours", "name": "the key"}), opened{"ours", "the key", poolContext, "982921"}},
		{keys(nil), opened{"pintail", kmsKey, poolContext, "982921"}},
	} {
		e := trigger.SenderEvent{Header: header(trigger.CustomEmailSenderForgotPassword), Request: trigger.SenderRequest{Code: "982921"}}
		var got senderEvent
		if err := json.Unmarshal(sent(t, test.file, trigger.CustomEmailSender, &e), &got, json.MatchCaseInsensitiveNames(true)); err != nil {
			t.Fatal(err)
		}
		if seen[got.Request.Code] {
			t.Error("two messages are the same")
		}
		seen[got.Request.Code] = true
		o, err := open(got.Request.Code, rawKey())
		if err != nil || o != test.want {
			t.Errorf("%+q, %v, want %+q", o, err, test.want)
		}
		if _, err := open(got.Request.Code, make([]byte, 32)); err == nil {
			t.Error("another key opens it")
		}
	}
}

// A code that no message can be made of is an error, not half a message.
func TestSealTooLong(t *testing.T) {
	t.Parallel()
	inv := invoker(t, trigger.Options{}, object{"keys": object{kmsKey: object{"raw-aes": hex.EncodeToString(rawKey())}}})
	if message, err := inv.Sealer(kmsKey).SealCode("pool", string(make([]byte, 5000))); err == nil {
		t.Errorf("%d bytes", len(message))
	}
	for _, inv := range []*trigger.Invoker{nil, inv} {
		if code, err := inv.Sealer("another key").SealCode("pool", "1"); code != "1" || err != nil {
			t.Errorf("%q, %v", code, err)
		}
	}
}

// A sender behind the Lambda API is not waited for.
func TestSendByLambda(t *testing.T) {
	t.Parallel()
	server := hook(t, func(w http.ResponseWriter, r *http.Request, _ []byte) {
		if r.Header.Get("X-Amz-Invocation-Type") != "Event" {
			t.Errorf("invoked as %s", r.Header.Get("X-Amz-Invocation-Type"))
		}
		w.WriteHeader(http.StatusAccepted)
	})
	e := trigger.SenderEvent{Header: header(trigger.CustomEmailSenderSignUp)}
	inv := invoker(t, trigger.Options{LookupEnv: environment}, lambdaAt(server.URL, nil))
	if err := inv.Send(t.Context(), trigger.CustomEmailSender, arn, "", &e); err != nil {
		t.Error(err)
	}
}
