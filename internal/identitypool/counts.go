package identitypool

import "pintail/internal/store"

// Counts tells how many pools and identities there are, for the status page.
func (s *Service) Counts(tx store.Tx) (map[string]int, error) {
	counts := map[string]int{"identity pools": 0, "identities": 0}
	for p, err := range pools.All(tx, s.account, store.Query{}) {
		if err != nil {
			return nil, err
		}
		n, err := identities.Count(tx, p.IdentityPoolId)
		if err != nil {
			return nil, err
		}
		counts["identity pools"]++
		counts["identities"] += n
	}
	return counts, nil
}
