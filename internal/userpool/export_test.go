package userpool

import (
	"sync"

	"pintail/internal/keys"
)

// testKeys is one reserve for all rooms of the test binary: making keys is most of
// what the tests would do otherwise.
var testKeys = sync.OnceValue(func() *keys.Reserve { return keys.NewReserve(4) })

// ShareKeys makes a room that has made no pool take its keys from the tests' reserve.
func ShareKeys(s *Service) {
	s.newKeys.once.Do(func() { s.newKeys.reserve = testKeys() })
}
