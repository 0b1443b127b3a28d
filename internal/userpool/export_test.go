package userpool

import (
	"context"
	"sync"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/store"
)

// testKeys is one reserve for all rooms of the test binary: making keys is most of
// what the tests would do otherwise.
var testKeys = sync.OnceValue(func() *keys.Reserve { return keys.NewReserve(4) })

// ShareKeys makes a room that has made no pool take its keys from the tests' reserve.
func ShareKeys(s *Service) {
	s.newKeys.once.Do(func() { s.newKeys.reserve = testKeys() })
}

// Documents counts what each collection holds of a pool.
func Documents(ctx context.Context, s *Service, poolID string) (map[string]int, error) {
	counts := make(map[string]int)
	err := s.db.View(ctx, func(tx store.Tx) error {
		for _, kind := range Collections() {
			n, err := kind.(interface {
				Count(store.Tx, string) (int, error)
			}).Count(tx, poolID)
			if err != nil {
				return err
			}
			counts[kind.Schema().Name] = n
		}
		return nil
	})
	return counts, err
}

// KeepLogs sets how many records of a pool may wait.
func KeepLogs(s *Service, n int) { s.maxLogs = n }

// Federate makes a user one of another identity provider.
func Federate(ctx context.Context, db store.DB, poolID, username string) error {
	return db.Update(ctx, func(tx store.Tx) error {
		_, err := users.Modify(tx, poolID, username, func(u *user) error {
			u.Status = cognitoidp.UserStatusTypeExternalProvider
			return nil
		})
		return err
	})
}
