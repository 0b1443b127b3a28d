package audience

import (
	"context"
	"errors"
	"slices"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/store"
)

// What is kept of a person who is a user of a project, or some: their endpoints, and
// the attributes that those show.

// UserOf returns the user of an endpoint, "" if it has none or does not exist.
func (s *Service) UserOf(ctx context.Context, app, endpointID string) (userID string, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		e, err := endpoints.Get(tx, app, endpointID)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err == nil {
			userID = e.UserID
		}
		return err
	})
	return userID, err
}

// HasMoreEndpoints tells whether a user has more endpoints than a limit, which is below
// store.MaxLimit.
func (s *Service) HasMoreEndpoints(tx store.Tx, app, userID string, limit int) (bool, error) {
	found, err := endpointsOf(tx, app, userID, limit+1)
	return len(found) > limit, err
}

// PersonEndpoints returns the ids of the endpoints of a person: those of the users, and
// of those that are named the ones that are nobody else's.
func (s *Service) PersonEndpoints(tx store.Tx, app string, userIDs, named []string) ([]string, error) {
	found, err := personEndpoints(tx, app, userIDs, named)
	ids := make([]string, len(found))
	for i, e := range found {
		ids[i] = e.ID
	}
	return ids, err
}

func personEndpoints(tx store.Tx, app string, userIDs, named []string) ([]*endpoint, error) {
	var found []*endpoint
	have := make(map[string]bool)
	for _, user := range userIDs {
		for e, err := range endpoints.All(tx, app, store.Query{Index: "user", Match: store.Equal(user)}) {
			if err != nil {
				return nil, err
			}
			found, have[e.ID] = append(found, e), true
		}
	}
	for _, id := range named {
		if have[id] {
			continue
		}
		e, err := endpoints.Get(tx, app, id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if e.UserID == "" || slices.Contains(userIDs, e.UserID) {
			found, have[id] = append(found, e), true
		}
	}
	return found, nil
}

// Person is what a project keeps of a person.
type Person struct {
	Endpoints []pinpoint.EndpointResponse
	// Attributes are those of the users, by user id.
	Attributes map[string]map[string][]string
}

// Person returns what a project keeps of a person, whose endpoints are those of
// [Service.PersonEndpoints].
func (s *Service) Person(tx store.Tx, app string, userIDs, named []string) (*Person, error) {
	found, err := personEndpoints(tx, app, userIDs, named)
	if err != nil {
		return nil, err
	}
	p := &project{id: app, account: s.account}
	if p.names, err = readNames(tx, app); err != nil {
		return nil, err
	}
	out := &Person{Endpoints: []pinpoint.EndpointResponse{}, Attributes: map[string]map[string][]string{}}
	for _, e := range found {
		e, _ = p.names.clean(e)
		owner, err := p.readUser(tx, e.UserID)
		if err != nil {
			return nil, err
		}
		out.Endpoints = append(out.Endpoints, *e.response(app, owner))
	}
	for _, id := range userIDs {
		u, err := p.readUser(tx, id)
		if err != nil {
			return nil, err
		}
		if u != nil {
			out.Attributes[id] = u.Attributes
		}
	}
	return out, nil
}

// DeletePerson deletes what Person returns, and tells how much that was.
func (s *Service) DeletePerson(tx store.Tx, app string, userIDs, named []string) (map[string]int, error) {
	found, err := personEndpoints(tx, app, userIDs, named)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]int)
	for _, e := range found {
		if err := endpoints.Delete(tx, app, e.ID); err != nil {
			return nil, err
		}
		tx.AfterCommit(func() { s.seen.Forget(endpointKey{app, e.ID}) })
		counts["endpoints"]++
	}
	for _, id := range userIDs {
		switch err := users.Delete(tx, app, id); {
		case err == nil:
			counts["users of the application"]++
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	return counts, nil
}

// Count tells how much DeletePerson would delete.
func (p *Person) Count() map[string]int {
	counts := make(map[string]int)
	if n := len(p.Endpoints); n > 0 {
		counts["endpoints"] = n
	}
	if n := len(p.Attributes); n > 0 {
		counts["users of the application"] = n
	}
	return counts
}
