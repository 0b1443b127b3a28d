package idp

import (
	"context"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"pintail/internal/clock"
)

const (
	// staleFor is how long keys serve beyond their time while their issuer cannot be
	// asked: long enough for an outage, and a bound on how long a withdrawn key counts.
	staleFor = 6 * time.Hour
	// pause lies between two questions to an issuer, after a failure and when keys are
	// asked for that it does not have: who invents key ids cannot make us flood it.
	pause = 10 * time.Second
	// maxIssuers bounds the memory; who is not heard of for the longest time goes.
	maxIssuers = 1000
)

// keyCache remembers the keys of issuers.
type keyCache struct {
	clock *clock.Clock
	fetch *fetcher

	mu      sync.Mutex
	issuers map[string]*issuerKeys
}

func newKeyCache(c *clock.Clock, f *fetcher) *keyCache {
	return &keyCache{clock: c, fetch: f, issuers: make(map[string]*issuerKeys)}
}

// issuerKeys are what is known of one issuer.
type issuerKeys struct {
	used time.Time // guarded by the cache

	mu      sync.Mutex
	keys    []publicKey
	fetched time.Time // when the keys were
	fresh   time.Time // until when they are trusted without asking
	failure error     // of the last question, or nil
	failed  time.Time
	flight  chan struct{} // closed when the question under way is answered; nil if there is none
}

func (c *keyCache) of(issuer string) *issuerKeys {
	now := c.clock.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.issuers[issuer]
	if i == nil {
		if len(c.issuers) >= maxIssuers {
			c.forgetOldest()
		}
		i = new(issuerKeys)
		c.issuers[issuer] = i
	}
	i.used = now
	return i
}

func (c *keyCache) forgetOldest() {
	oldest := ""
	for name, i := range c.issuers {
		if oldest == "" || i.used.Before(c.issuers[oldest].used) {
			oldest = name
		}
	}
	delete(c.issuers, oldest)
}

// wanted is a key that a token is signed with.
type wanted struct {
	issuer, id string
	alg        jose.SignatureAlgorithm
}

// find returns the key that verifies a token, and asks its issuer where it must. However
// many callers wait for an issuer, it is asked once.
func (c *keyCache) find(ctx context.Context, w wanted) (publicKey, error) {
	i := c.of(w.issuer)
	for asked := false; ; asked = true {
		key, answered, err := c.look(ctx, i, w, asked)
		if answered == nil {
			return key, err
		}
		select {
		case <-answered:
		case <-ctx.Done():
			e := refuse(ErrUnreachable, "%s was not waited for", shown(w.issuer))
			e.cause = ctx.Err()
			return publicKey{}, e
		}
	}
}

// look answers from memory, or sees to it that the issuer is asked and returns what is
// closed when it has answered. asked says that it just was, for this token.
func (c *keyCache) look(ctx context.Context, i *issuerKeys, w wanted, asked bool) (publicKey, <-chan struct{}, error) {
	now := c.clock.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	key, found := pick(i.keys, w.id, w.alg)
	fresh := now.Before(i.fresh)
	failing := i.failure != nil && (asked || now.Before(i.failed.Add(pause)))
	switch {
	case found && (fresh || asked && i.failure == nil):
		return key, nil, nil
	case found && failing && now.Before(i.fresh.Add(staleFor)):
		return key, nil, nil
	case failing:
		return publicKey{}, nil, i.failure
	case asked, fresh && now.Before(i.fetched.Add(pause)):
		return publicKey{}, nil, refuse(ErrSignature, "the issuer has no key %s for %s", shown(w.id), w.alg)
	}
	if i.flight == nil {
		i.flight = make(chan struct{})
		// It outlives a caller who goes away, since others may wait for it.
		go c.ask(context.WithoutCancel(ctx), i, w.issuer)
	}
	return publicKey{}, i.flight, nil
}

// ask fetches an issuer's keys and lets go of those who wait for them.
func (c *keyCache) ask(ctx context.Context, i *issuerKeys, issuer string) {
	keys, fresh, err := fetchKeys(ctx, c.fetch, issuer)
	now := c.clock.Now()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.failure, i.failed = err, now
	if err == nil {
		i.keys, i.fetched, i.fresh = keys, now, now.Add(fresh)
	}
	close(i.flight)
	i.flight = nil
}
