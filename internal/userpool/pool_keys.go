package userpool

import (
	"sync"

	"pintail/internal/keys"
)

// reserveSize is how many signing keys wait for new pools: those of one.
const reserveSize = 2

// keySource gives new signing keys. It keeps a reserve of them from the first one
// on, so that a server that makes no pool makes no keys.
type keySource struct {
	once    sync.Once
	reserve *keys.Reserve
}

func (k *keySource) take() (*keys.SigningKey, error) {
	k.once.Do(func() { k.reserve = keys.NewReserve(reserveSize) })
	if k.reserve == nil { // closed before it began
		return keys.NewSigningKey()
	}
	return k.reserve.Take()
}

// close stops making keys in the background.
func (k *keySource) close() {
	k.once.Do(func() {})
	if k.reserve != nil {
		k.reserve.Close()
	}
}

// newKey takes a new signing key and seals it for a pool.
func (s *Service) newKey(poolID, use string) ([]byte, error) {
	key, err := s.newKeys.take()
	if err != nil {
		return nil, err
	}
	pkcs8, err := key.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return s.signing.Seal(pkcs8, poolID, use), nil
}

// openKey opens what newKey sealed.
func (s *Service) openKey(sealed []byte, poolID, use string) (*keys.SigningKey, error) {
	pkcs8, err := s.signing.Open(sealed, poolID, use)
	if err != nil {
		return nil, err
	}
	return keys.ParseSigningKey(pkcs8)
}
