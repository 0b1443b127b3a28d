package userpool

import (
	"context"
	"crypto"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
	"pintail/internal/userpool/passkey/passkeytest"
	"pintail/internal/wire"
)

const page = "http://localhost:5173" // of the app; the server is on http://localhost:9400

// passkeyOf registers a passkey for a user, without the wire.
func (r *room) passkeyOf(t testing.TB, u *user, key crypto.Signer, lies ...passkeytest.Lie) *passkeytest.Passkey {
	t.Helper()
	b := &bearer{pool: r.pool, client: r.client}
	var held *passkeytest.Passkey
	err := r.db.Update(t.Context(), func(tx store.Tx) error {
		now, err := users.Get(tx, r.pool.Id, u.key(r.pool))
		if err != nil {
			return err
		}
		rp, err := r.relyingParty(r.pool, now)
		if err != nil {
			return err
		}
		now.NewPasskey = &newPasskey{Challenge: passkey.NewChallenge(), Client: r.client.ClientId, Expires: noon.Add(registrationLife)}
		options, err := rp.CreationOptions(passkey.User{Handle: []byte(now.Sub), Name: now.Username}, nil, now.NewPasskey.Challenge)
		if err != nil {
			return err
		}
		var document []byte
		held, document = passkeytest.Create(t, options, page, key, lies...)
		if err := r.registerPasskey(tx, b, now, document, noon); err != nil {
			return err
		}
		*u = *now
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// asked begins a sign-in of a user, or of nobody under a name.
func (r *room) asked(t testing.TB, u *user, name string) (options string, challenge []byte) {
	t.Helper()
	err := r.db.View(t.Context(), func(tx store.Tx) (err error) {
		options, challenge, err = r.passkeyRequest(tx, r.pool, u, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return options, challenge
}

// answered ends it.
func (r *room) answered(t testing.TB, u *user, challenge []byte, credential []byte) (verified bool, err error) {
	err = r.db.Update(t.Context(), func(tx store.Tx) (err error) {
		verified, err = r.passkeyAnswer(tx, r.pool, u, challenge, string(credential), noon)
		return err
	})
	return verified, err
}

func (r *room) kept(t testing.TB, id []byte) (found *passkeyRecord) {
	t.Helper()
	err := r.db.View(t.Context(), func(tx store.Tx) (err error) {
		found, err = passkeys.Get(tx, r.pool.Id, passkeyID(id))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// second puts another user beside ada.
func (r *room) second(t testing.TB, name string) *user {
	t.Helper()
	u := newUser(name, nil, noon)
	u.Status = cognitoidp.UserStatusTypeConfirmed
	if err := r.db.Update(context.Background(), func(tx store.Tx) error { return users.Insert(tx, r.pool.Id, name, u) }); err != nil {
		t.Fatal(err)
	}
	return u
}

const (
	wrongPasskey     = "NotAuthorizedException: Incorrect username or password."
	malformedPasskey = "InvalidParameterException: Invalid passkey credential."
)

func TestPasskeySignIn(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	for _, key := range []crypto.Signer{passkeytest.NewES256(t), passkeytest.NewRS256(t, 2048)} {
		held := r.passkeyOf(t, r.ada, key)
		options, challenge := r.asked(t, r.ada, "ada")
		if verified, err := r.answered(t, r.ada, challenge, held.Get(t, []byte(options), page)); err != nil || !verified {
			t.Fatal(verified, err)
		}
		if kept := r.kept(t, held.ID); kept.SignCount != held.Counter || !kept.LastUsed.Equal(noon) {
			t.Fatalf("kept %+v", kept)
		}
	}
	options, _ := r.asked(t, r.ada, "ada")
	var got struct {
		RPID             string `json:"rpId"`
		AllowCredentials []struct{ ID string }
		UserVerification string
	}
	if err := json.Unmarshal([]byte(options), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.AllowCredentials) != 2 || got.RPID != "localhost" || got.UserVerification != "preferred" {
		t.Errorf("options %s", options)
	}
}

func TestPasskeySignInRefused(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	bob := r.second(t, "bob")
	held := r.passkeyOf(t, r.ada, passkeytest.NewES256(t))
	bobs := r.passkeyOf(t, bob, passkeytest.NewES256(t))
	options, challenge := r.asked(t, r.ada, "ada")
	first := held.Get(t, []byte(options), page)
	if _, err := r.answered(t, r.ada, challenge, first); err != nil {
		t.Fatal(err)
	}
	stranger := &passkeytest.Passkey{ID: held.ID, Key: passkeytest.NewES256(t), RPID: "localhost", Handle: held.Handle, Counter: 7}
	unknown := &passkeytest.Passkey{ID: []byte("unknown"), Key: stranger.Key, RPID: "localhost", Counter: 7}
	tests := []struct {
		name string
		with *passkeytest.Passkey
		lie  passkeytest.Lie
		want string
	}{
		{"another site", held, func(c *passkeytest.Ceremony) { c.Origin = "https://evil.example" }, wrongPasskey},
		{"another relying party", held, func(c *passkeytest.Ceremony) { c.RPID = "evil.example" }, wrongPasskey},
		{"another challenge", held, func(c *passkeytest.Ceremony) { c.Challenge = passkey.Encode(passkey.NewChallenge()) }, wrongPasskey},
		{"a registration", held, func(c *passkeytest.Ceremony) { c.Type = "webauthn.create" }, wrongPasskey},
		{"wrong key", stranger, nil, wrongPasskey},
		{"unknown passkey", unknown, nil, wrongPasskey},
		{"bob's passkey", bobs, nil, wrongPasskey},
		{"bob's passkey said to be ada's", bobs, func(c *passkeytest.Ceremony) { c.Handle = held.Handle }, wrongPasskey},
		{"ada's passkey said to be bob's", held, func(c *passkeytest.Ceremony) { c.Handle = bobs.Handle }, wrongPasskey},
		{"a counter that stands", held, func(c *passkeytest.Ceremony) { c.Counter = 1 }, wrongPasskey},
		{"a counter that went back", held, func(c *passkeytest.Ceremony) { c.Counter = 0 }, wrongPasskey},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			options, challenge := r.asked(t, r.ada, "ada")
			var lies []passkeytest.Lie
			if test.lie != nil {
				lies = append(lies, test.lie)
			}
			before := *r.kept(t, held.ID)
			_, err := r.answered(t, r.ada, challenge, test.with.Get(t, []byte(options), page, lies...))
			if fmt.Sprint(err) != test.want {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			refused(t, cognitoidp.RespondToAuthChallenge.Operation, err)
			if after := *r.kept(t, held.ID); after.SignCount != before.SignCount || !after.LastUsed.Equal(before.LastUsed) {
				t.Errorf("a refused answer changed the passkey: %+v", after)
			}
		})
	}
	t.Run("replayed", func(t *testing.T) {
		for _, challenge := range [][]byte{challenge, nil, {}} { // even in the session that it was made for
			if _, err := r.answered(t, r.ada, challenge, first); fmt.Sprint(err) != wrongPasskey {
				t.Fatal(err)
			}
		}
	})
	for _, document := range []string{"", "null", "{}", `"text"`, `{"id":"AA","rawId":"AA","type":"public-key","response":{}}`, string(make([]byte, 1<<16))} {
		if _, err := r.answered(t, r.ada, challenge, []byte(document)); fmt.Sprint(err) != malformedPasskey {
			t.Errorf("%.20q: %v", document, err)
		}
	}
}

// A clone of a passkey shows itself by its counter, and the log says so.
func TestPasskeyClone(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	held := r.passkeyOf(t, r.ada, passkeytest.NewES256(t))
	clone := *held
	for range 2 {
		options, challenge := r.asked(t, r.ada, "ada")
		if _, err := r.answered(t, r.ada, challenge, held.Get(t, []byte(options), page)); err != nil {
			t.Fatal(err)
		}
	}
	options, challenge := r.asked(t, r.ada, "ada")
	_, err := r.answered(t, r.ada, challenge, clone.Get(t, []byte(options), page))
	if e, ok := err.(*model.Error); !ok || e.Error() != wrongPasskey || e.Reason != "passkey: the signature counter went back: from 2 to 1" {
		t.Fatalf("%#v", err)
	}
}

// Somebody who does not exist has a passkey like everybody, the same every time,
// and none that anybody could show.
func TestPasskeyOfNobody(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	allowed := func(name string) []string {
		options, challenge := r.asked(t, nil, name)
		if len(challenge) != 32 {
			t.Errorf("challenge %x", challenge)
		}
		var got struct {
			Challenge        string
			AllowCredentials []struct{ ID string }
		}
		if err := json.Unmarshal([]byte(options), &got); err != nil || got.Challenge != passkey.Encode(challenge) {
			t.Fatal(options, err)
		}
		var ids []string
		for _, a := range got.AllowCredentials {
			ids = append(ids, a.ID)
		}
		return ids
	}
	if a, b := allowed("nobody"), allowed("nobody"); len(a) != 1 || !slices.Equal(a, b) || slices.Equal(a, allowed("noone")) {
		t.Errorf("decoys %v %v", a, b)
	}
	held := r.passkeyOf(t, r.ada, passkeytest.NewES256(t))
	options, challenge := r.asked(t, nil, "nobody")
	if _, err := r.answered(t, nil, challenge, held.Get(t, []byte(options), page)); fmt.Sprint(err) != wrongPasskey {
		t.Error(err)
	}
}

// The decoy's private key is known to everybody: a signature by it is good, and
// opens nothing.
func TestPasskeyOfTheDecoy(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	one := passkeytest.Known(t, 1)
	for _, u := range []*user{nil, r.ada} {
		options, challenge := r.asked(t, u, "ada")
		held := &passkeytest.Passkey{ID: []byte("any"), Key: one, RPID: "localhost", Handle: []byte(r.ada.Sub)}
		answer := held.Get(t, []byte(options), page)
		a, err := passkey.ParseAssertion(answer)
		if err != nil {
			t.Fatal(err)
		}
		rp, _ := r.relyingParty(r.pool, u)
		if _, err := rp.Verify(a, new(passkey.Decoy(held.ID)), challenge); err != nil {
			t.Fatalf("the decoy is no key: %v", err)
		}
		if _, err := r.answered(t, u, challenge, answer); fmt.Sprint(err) != wrongPasskey {
			t.Error(err)
		}
	}
}

// A user for whom a passkey is both factors must be verified by it.
func TestPasskeyVerifiesUser(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	held := r.passkeyOf(t, r.ada, passkeytest.NewES256(t))
	unverified := func(c *passkeytest.Ceremony) { c.Flags &^= passkeytest.UserVerified }
	options, challenge := r.asked(t, r.ada, "ada")
	if verified, err := r.answered(t, r.ada, challenge, held.Get(t, []byte(options), page, unverified)); err != nil || verified {
		t.Fatal(verified, err)
	}
	r.ada.MFA.WebAuthn = true
	options, challenge = r.asked(t, r.ada, "ada")
	if _, err := r.answered(t, r.ada, challenge, held.Get(t, []byte(options), page, unverified)); fmt.Sprint(err) != wrongPasskey {
		t.Fatal(err)
	}
	if verified, err := r.answered(t, r.ada, challenge, held.Get(t, []byte(options), page)); err != nil || !verified {
		t.Fatal(verified, err)
	}
}

func TestHostName(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"http://127.0.0.1:9400": "localhost", "http://[::1]:9400": "localhost", "http://localhost:9400": "localhost",
		"https://id.example.org": "id.example.org", "https://id.example.org:8443/x": "id.example.org",
		"http://192.0.2.1:9400": "", "http://[2001:db8::1]": "", "": "", "http://%": "",
	} {
		if got := hostName(base); got != want {
			t.Errorf("%s: %q", base, got)
		}
	}
}

// Nothing that a stranger answers is anything but a refusal.
func FuzzPasskeyAnswer(f *testing.F) {
	r := newRoom(f)
	held := r.passkeyOf(f, r.ada, passkeytest.NewES256(f))
	options, challenge := r.asked(f, r.ada, "ada")
	other, _ := r.asked(f, r.ada, "ada")
	f.Add(string(held.Get(f, []byte(other), page)))
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`)
	f.Add(options)
	f.Fuzz(func(t *testing.T, credential string) {
		_, err := r.answered(t, r.ada, challenge, []byte(credential))
		refused(t, cognitoidp.RespondToAuthChallenge.Operation, err)
	})
}

// Passkeys go with their user, and with their pool.
func TestPasskeysGo(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	bob := r.second(t, "bob")
	key := passkeytest.NewES256(t)
	for range 3 {
		r.passkeyOf(t, r.ada, key)
	}
	r.passkeyOf(t, bob, key)
	count := func() (n int) {
		err := r.db.View(t.Context(), func(tx store.Tx) (err error) {
			n, err = passkeys.Count(tx, r.pool.Id)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count(); n != 4 || r.ada.Passkeys != 3 {
		t.Fatalf("%d passkeys, %d of them ada's", n, r.ada.Passkeys)
	}
	if err := r.db.Update(t.Context(), func(tx store.Tx) error { return removePasskeys(tx, r.pool, r.ada) }); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 1 || r.ada.Passkeys != 0 {
		t.Fatalf("%d passkeys left, %d of them ada's", n, r.ada.Passkeys)
	}
	c := &wire.Call{Time: noon, Region: r.pool.region(), Account: "123456789012"}
	if _, err := r.deleteUserPool(t.Context(), c, &cognitoidp.DeleteUserPoolRequest{UserPoolId: r.pool.Id}); err != nil {
		t.Fatal(err)
	}
	if n := count(); n != 0 {
		t.Errorf("%d passkeys of a pool that is gone", n)
	}
}
