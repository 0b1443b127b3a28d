package sigv4

import (
	"crypto/hmac"
	"crypto/sha256"
	"strings"
	"sync"
)

// generation is how many keys one generation of the cache holds. Two
// generations of this size take about one megabyte.
const generation = 4096

// signingKey is the key that a secret yields for one day, region and service.
type signingKey [sha256.Size]byte

// keyID names a signing key without holding the secret that it came from.
type keyID struct {
	secret                [sha256.Size]byte
	date, region, service string
}

// keyCache remembers derived signing keys. It is bounded without bookkeeping:
// a full young generation becomes the old one, and the old one is forgotten.
// Only keys that have verified a signature are put in, so that a caller
// without a secret can neither fill nor flush it. The zero value is ready.
type keyCache struct {
	mu         sync.Mutex
	young, old map[keyID]signingKey
}

func (c *keyCache) get(id keyID) (signingKey, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.young[id]; ok {
		return key, true
	}
	key, ok := c.old[id]
	return key, ok
}

func (c *keyCache) put(id keyID, key signingKey) {
	// The strings are parts of a request; a copy does not keep the whole alive.
	id.date, id.region, id.service = strings.Clone(id.date), strings.Clone(id.region), strings.Clone(id.service)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || len(c.young) >= generation {
		c.young, c.old = make(map[keyID]signingKey), c.young
	}
	c.young[id] = key
}

// deriveKey computes the signing key of a secret for a scope.
func deriveKey(secret string, s Scope) (key signingKey) {
	k := []byte("AWS4" + secret)
	for _, step := range [...]string{s.Date, s.Region, s.Service, terminator} {
		h := hmac.New(sha256.New, k)
		h.Write([]byte(step))
		k = h.Sum(nil)
	}
	return signingKey(k)
}
