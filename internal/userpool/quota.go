package userpool

import (
	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// Quotas of an account and of a pool (Cognito developer guide, "Quotas in Amazon
// Cognito").
const (
	maxPools             = 1000 // in a region
	maxClients           = 1000 // in a pool, as the following
	maxGroups            = 10_000
	maxResourceServers   = 25
	maxIdentityProviders = 300
)

// checkRoomForPool refuses one more pool than a region can have. Counting is cheap,
// because there are never many more.
func (s *Service) checkRoomForPool(tx store.Tx, region string) error {
	all, err := pools.Count(tx, s.account)
	if err != nil || all < maxPools {
		return err
	}
	n := 0
	for _, err := range pools.All(tx, s.account, store.Query{Index: "region", Match: store.Equal(region)}) {
		if err != nil {
			return err
		}
		n++
	}
	if n < maxPools {
		return nil
	}
	return cognitoidp.LimitExceededException.Newf("An account can have at most %d user pools in a region.", maxPools)
}

// checkRoom refuses one more of what a pool can only have so many of.
func checkRoom[T any](tx store.Tx, kind *store.Collection[T], poolID string, most int, plural string) error {
	n, err := kind.Count(tx, poolID)
	if err != nil || n < most {
		return err
	}
	return cognitoidp.LimitExceededException.Newf("A user pool can have at most %d %s.", most, plural)
}
