package userpool

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/clock"
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// Every value can be looked for: quoting and parsing are inverse.
func TestFilterRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		blank := func(label string) string { return rapid.StringMatching(`[ \t]{0,3}`).Draw(t, label) }
		names := append([]string{"username", "cognito:user_status", "status", "sub"}, searchable...)
		want := filter{attribute: rapid.SampledFrom(names).Draw(t, "name"), prefix: rapid.Bool().Draw(t, "prefix"), value: rapid.String().Draw(t, "value")}
		operator := "="
		if want.prefix {
			operator = "^="
		}
		quoted := `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(want.value) + `"`
		text := blank("a") + want.attribute + blank("b") + operator + blank("c") + quoted + blank("d")
		got, err := parseFilter(text)
		if err != nil || got != want {
			t.Fatalf("%q: %+v %v, want %+v", text, got, err, want)
		}
	})
}

func FuzzFilter(f *testing.F) {
	for _, seed := range []string{`email = "a"`, `name^="\"\\"`, `sub=""`, `status = "Enabled`, `=`, `username ^ = "x"`, "\x00", `email = "a"b"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFilter(text)
		if err != nil {
			if !errors.Is(err, cognitoidp.InvalidParameterException.New("")) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if _, ok := parsed.index(); !ok || len(parsed.value) > len(text) {
			t.Fatalf("%q: %+v", text, parsed)
		}
		// What a user has is found by looking for it, if it is findable at all.
		u := &user{Username: parsed.value, Sub: parsed.value, Attributes: map[string]string{}}
		for _, name := range searchable {
			u.Attributes[name] = parsed.value
		}
		if parsed.attribute != "status" && parsed.attribute != "cognito:user_status" && !parsed.matches(u) {
			t.Fatalf("%q does not match %q", text, parsed.value)
		}
	})
}

// Index values are prefixes of values, whole characters, and short enough.
func TestIndexed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := strings.Repeat(rapid.String().Draw(t, "unit"), rapid.IntRange(0, 400).Draw(t, "n"))
		got := indexed(value)
		if !strings.HasPrefix(value, got) || len(got) > maxIndexed || len(value) > maxIndexed && len(got) < maxIndexed-3 || strings.ToValidUTF8(got, "") != got {
			t.Fatalf("%d bytes of %d", len(got), len(value))
		}
	})
}

// A value conforms exactly when its length is within the bounds, in characters.
func TestStringConstraints(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		least := rapid.IntRange(0, 8).Draw(t, "least")
		most := rapid.IntRange(least, 12).Draw(t, "most")
		list, err := buildSchema([]cognitoidp.SchemaAttributeType{{
			Name: "x", AttributeDataType: cognitoidp.AttributeDataTypeString, StringAttributeConstraints: &cognitoidp.StringAttributeConstraintsType{
				MinLength: fmt.Sprint(least), MaxLength: fmt.Sprint(most)},
		}})
		if err != nil {
			t.Fatal(err)
		}
		value := rapid.StringN(1, 16, -1).Draw(t, "value")
		n := len([]rune(value))
		err = newSchema(list).check("custom:x", value)
		if want := least <= n && n <= most && !strings.ContainsRune(value, 0); (err == nil) != want {
			t.Fatalf("%q within %d and %d: %v", value, least, most, err)
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"0": true, "-1": true, "18.50": true, "1e3": true, "": false, "+1": false, "01": false, "1.": false, ".5": false,
		"NaN": false, "Inf": false, "0x10": false, "1_000": false, " 1": false, "1e999": false, "٣": false,
	} {
		if _, err := parseNumber(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"ada@example.org": true, "a.b+c@x-y.co.uk": true, "ünï@exämple.org": true, "o'neil@a.b": true,
		"ada": false, "ada@": false, "@a.b": false, "ada@localhost": false, "a b@c.d": false, "a@b@c.d": false, ".a@b.c": false,
		"a..b@c.d": false, "a@-b.c": false, "a@b..c": false, "a@b.c.": false, "a@b\n.c": false, strings.Repeat("a", 65) + "@b.c": false,
	} {
		if isEmail(text) != want {
			t.Errorf("e-mail %q: want %v", text, want)
		}
	}
	for text, want := range map[string]bool{"+1": true, "+123456789012345": true, "+1234567890123456": false, "123": false, "+": false, "+1a": false, "+１": false} {
		if isPhone(text) != want {
			t.Errorf("phone %q: want %v", text, want)
		}
	}
	for text, want := range map[string]string{"zoe.ada@books.example": "z***@b***", "über@ö.x": "ü***@ö***"} {
		if got := maskEmail(text); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
	for text, want := range map[string]string{"+491701238920": "+********8920", "+12345": "+*2345", "+1234": "+****"} {
		if got := maskPhone(text); got != want {
			t.Errorf("%s became %s", text, got)
		}
	}
}

// The vector of the reference on SECRET_HASH that Cognito's users compute.
func TestSecretHashVector(t *testing.T) {
	t.Parallel()
	if got := secretHash("topsecret", "alice", "1example23456789"); got != "U80LZajeTtbjUifTHdpT/Xx81XeBQEM35RQcI2sj818=" {
		t.Error(got)
	}
}

func TestLockSchedule(t *testing.T) {
	t.Parallel()
	var a attempts
	now := noon
	for n, want := range []time.Duration{0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900} {
		a.fail(now)
		want *= time.Second
		if want > 0 && !a.locked(now.Add(want-1)) || a.locked(now.Add(want)) {
			t.Errorf("failure %d does not lock for %v", n+1, want)
		}
		now = now.Add(max(want, time.Second))
	}
	now = now.Add(quietTime)
	if a.fail(now); a.Failures != 1 {
		t.Errorf("%d failures after quiet minutes", a.Failures)
	}
}

// A sign-in right after a global sign-out holds even within one millisecond, or if
// another node's clock is ahead, and those before it do not.
func TestSignInAfterSignOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ahead := time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "ms")) * time.Millisecond
		u := &user{}
		before := newSignIn(u, noon)
		own, ok := eventMoment(before.Event)
		if !ok || own != noon.UnixMilli() {
			t.Fatalf("%s holds %d", before.Event, own)
		}
		u.SignedOut = max(own, noon.Add(ahead).UnixMilli())
		after := newSignIn(u, noon)
		if !u.signedOut(before.Event) || u.signedOut(after.Event) {
			t.Fatalf("before %v, after %v", u.signedOut(before.Event), u.signedOut(after.Event))
		}
	})
	if !(&user{}).signedOut("34c84488-e0e1-40ae-92ee-991ad1a898c8") {
		t.Error("an event without a moment counts as a sign-in")
	}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	m := newMemory[int](time.Minute, 3)
	seen := func(key string, now time.Time) (n int) {
		m.use(key, now, func(v *int) { *v++; n = *v })
		return n
	}
	seen("a", noon)
	if seen("a", noon.Add(59*time.Second)) != 2 {
		t.Error("forgot within the span")
	}
	if seen("a", noon.Add(100*time.Second)) != 3 {
		t.Error("forgot what was just used")
	}
	if seen("b", noon.Add(time.Hour)); seen("a", noon.Add(2*time.Hour)) != 1 {
		t.Error("remembers for ever")
	}
	for i := range 100 {
		seen(fmt.Sprint(i), noon.Add(2*time.Hour))
	}
	if n := len(m.young) + len(m.old); n > 6 {
		t.Errorf("%d values", n)
	}
}

func TestCache(t *testing.T) {
	t.Parallel()
	clk := clock.Fixed(noon)
	c := newCache[int](clk)
	loads := 0
	get := func() int {
		v, err := c.get("x", func(old int) (int, error) { loads++; return old + 1, nil })
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	if get() != 1 || get() != 1 || loads != 1 {
		t.Errorf("%d loads", loads)
	}
	clk.Advance(freshFor)
	if get() != 2 {
		t.Error("a stale value")
	}
	clk.Set(noon) // clocks go back, too
	if get() != 3 {
		t.Error("a value from the future")
	}
	c.forget("x")
	if get() != 1 {
		t.Error("a forgotten value")
	}
	// What was read before a change must not stay after it.
	c.forget("x")
	v, err := c.get("x", func(int) (int, error) { c.forget("x"); return 7, nil })
	if err != nil || v != 7 || get() != 1 {
		t.Error("an old value came back")
	}
}

// Names of one turn wait for each other.
func TestTurns(t *testing.T) {
	t.Parallel()
	var all turns
	n := 0
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			defer all.take("pool", "ada")()
			n++
		})
	}
	group.Wait()
	if n != 50 {
		t.Error(n)
	}
}

// Records of sign-ins that are over do not pile up.
func TestSweep(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "x.db"), Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	left := 0
	err = db.Update(t.Context(), func(tx store.Tx) error {
		for i := range 30 {
			origin := fmt.Sprint(i)
			if err := signIns.Put(tx, "p", origin, &signInRecord{Origin: origin, Expires: noon.Add(time.Duration(i) * time.Minute)}); err != nil {
				return err
			}
		}
		for range 2 {
			if err := sweepSignIns(tx, "p", noon.Add(25*time.Minute)); err != nil {
				return err
			}
		}
		var err error
		left, err = signIns.Count(tx, "p")
		return err
	})
	if err != nil || left != 4 {
		t.Errorf("%d records left, want those of the minutes 26 to 29: %v", left, err)
	}
}

// A user who was disabled, or whose username somebody else has by now, cannot act
// with tokens of before. No operation disables or deletes users yet.
func TestBearerOfAChangedUser(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	db, err := sqlite.Open(ctx, filepath.Join(t.TempDir(), "x.db"), Collections()...)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &pool{UserPoolType: &cognitoidp.UserPoolType{Id: "us-east-1_Test00001"}}
	u := newUser("ada", nil, noon)
	u.Status = cognitoidp.UserStatusTypeConfirmed
	b := &bearer{pool: p, claims: tokenClaims{Username: "ada", Sub: u.Sub, Event: newSignIn(u, noon).Event}}
	check := func(call *cognitoidpCall, want string) {
		t.Helper()
		err := db.View(ctx, func(tx store.Tx) error { _, err := b.user(tx, call.wire()); return err })
		if got := fmt.Sprint(err); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	put := func(u *user) {
		t.Helper()
		if err := db.Update(ctx, func(tx store.Tx) error { return users.Put(tx, p.Id, "ada", u) }); err != nil {
			t.Fatal(err)
		}
	}
	check(ofGetUser, "UserNotFoundException: User does not exist.")
	check(ofGlobalSignOut, "NotAuthorizedException: Access Token has been revoked") // declares no UserNotFoundException
	put(u)
	check(ofGetUser, "<nil>")
	u.Enabled = false
	put(u)
	check(ofGetUser, "NotAuthorizedException: User is disabled.")
	if err := u.maySignIn(); fmt.Sprint(err) != "NotAuthorizedException: User is disabled." {
		t.Error(err)
	}
	put(newUser("ada", nil, noon))
	check(ofGetUser, "UserNotFoundException: User does not exist.")
}

func testMaster(t testing.TB) *keys.MasterKey {
	t.Helper()
	// A new key each time, so that what another process of a fuzz run made is foreign.
	secret := make([]byte, 32)
	rand.Read(secret)
	master, err := keys.ParseMasterKey(hex.EncodeToString(secret))
	if err != nil {
		t.Fatal(err)
	}
	return master
}
