package userpool

import "pintail/internal/store"

// Counts tells how many pools and users there are, for the status page.
func (s *Service) Counts(tx store.Tx) (map[string]int, error) {
	counts := map[string]int{"user pools": 0, "users": 0}
	for p, err := range pools.All(tx, s.account, store.Query{}) {
		if err != nil {
			return nil, err
		}
		n, err := s.countUsers(tx, p.Settings.Id)
		if err != nil {
			return nil, err
		}
		counts["user pools"]++
		counts["users"] += n
	}
	return counts, nil
}
