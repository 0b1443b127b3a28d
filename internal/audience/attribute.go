package audience

import (
	"context"
	"slices"

	"pintail/internal/store"
)

// Attributes calls fn with each value that a custom attribute has now, and the id
// of the endpoint or, with ofUsers, the user that has it: a value once for each.
// It reads the whole project.
func (s *Service) Attributes(ctx context.Context, app string, ofUsers bool, name string, fn func(id, value string)) error {
	each := func(id string, values []string) {
		for i, value := range values {
			if !slices.Contains(values[:i], value) {
				fn(id, value)
			}
		}
	}
	return s.db.View(ctx, func(tx store.Tx) error {
		used, err := readNames(tx, app)
		if err != nil {
			return err
		}
		if ofUsers {
			for u, err := range users.All(tx, app, store.Query{}) {
				if err != nil {
					return err
				}
				u, _ = used.cleanUser(u)
				each(u.ID, u.Attributes[name])
			}
			return nil
		}
		for e, err := range endpoints.All(tx, app, store.Query{}) {
			if err != nil {
				return err
			}
			e, _ = used.clean(e)
			each(e.ID, e.Attributes[name])
		}
		return nil
	})
}
