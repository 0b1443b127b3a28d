package idp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pintail/internal/clock"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestReplayMemory(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	m := NewReplayMemory(c)
	claim := func(key, holder string, want bool) {
		t.Helper()
		got, err := m.Claim(context.Background(), key, holder, c.Now().Add(time.Minute))
		if err != nil || got != want {
			t.Errorf("%s by %q: %v, %v", key, holder, got, err)
		}
	}
	claim("a", "", true)
	claim("a", "", false)
	claim("a", "x", false)
	claim("b", "x", true)
	claim("b", "x", true)
	claim("b", "y", false)
	claim("b", "", false)
	c.Advance(time.Minute)
	claim("a", "", true)
	claim("b", "y", true)
}

func TestReplayMemoryIsBounded(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	m := NewReplayMemory(c)
	m.most = 100
	claim := func(key string) error {
		_, err := m.Claim(context.Background(), key, "", c.Now().Add(time.Hour))
		return err
	}
	for n := range 100 {
		if err := claim(fmt.Sprint(n)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := claim("one more"); !errors.Is(err, ErrReplaysFull) {
			t.Errorf("error is %v", err)
		}
		c.Advance(time.Second)
	}
	if got, err := m.Claim(context.Background(), "7", "", noon.Add(time.Hour)); got || err != nil {
		t.Errorf("a full memory forgot: %v, %v", got, err)
	}
	c.Advance(time.Hour)
	if err := claim("one more"); err != nil {
		t.Error(err)
	}
	if len(m.notes) != 1 {
		t.Errorf("%d notes are kept", len(m.notes))
	}
}

func TestReplayMemoryIsSwept(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	m := NewReplayMemory(c)
	for n := range 1000 {
		if _, err := m.Claim(context.Background(), fmt.Sprint(n), "", c.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Second)
	}
	if len(m.notes) > 125 {
		t.Errorf("%d notes are kept of some 60 in use", len(m.notes))
	}
}

func TestOneOfManyClaimsWins(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	m := NewReplayMemory(c)
	var group sync.WaitGroup
	var won atomic.Int32
	for range 50 {
		group.Go(func() {
			if fine, err := m.Claim(context.Background(), "a", "", noon.Add(time.Hour)); err != nil {
				t.Error(err)
			} else if fine {
				won.Add(1)
			}
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Errorf("%d claims won", won.Load())
	}
}

func TestIssuersAreBounded(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	k := newKeyCache(c, nil)
	for n := range maxIssuers + 10 {
		c.Advance(time.Second)
		k.of("first") // is in use
		k.of(fmt.Sprint(n))
	}
	if len(k.issuers) != maxIssuers || k.issuers["first"] == nil || k.issuers["0"] != nil {
		t.Errorf("%d issuers are kept", len(k.issuers))
	}
}

func TestSecretsAreTakenOut(t *testing.T) {
	t.Parallel()
	got := without(`failed to parse "%zz?token=a%7Cb" or a|b`, map[string][]string{"token": {"a|b", ""}})
	if want := `failed to parse "%zz?token=…" or …`; got != want {
		t.Errorf("got %s", got)
	}
}
