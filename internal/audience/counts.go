package audience

import "pintail/internal/store"

// Counts tells how many projects and endpoints there are, for the status page.
func (s *Service) Counts(tx store.Tx) (map[string]int, error) {
	counts := map[string]int{"apps": 0, "endpoints": 0}
	for a, err := range apps.All(tx, s.account, store.Query{}) {
		if err != nil {
			return nil, err
		}
		n, err := endpoints.Count(tx, a.Id)
		if err != nil {
			return nil, err
		}
		counts["apps"]++
		counts["endpoints"] += n
	}
	return counts, nil
}
