package userpool

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pintail/internal/store"
	"pintail/internal/store/sqlite"
)

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
