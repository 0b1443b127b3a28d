package audience

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"unicode/utf8"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// RemoveAttributes takes attributes off all endpoints, or users, of a project.
// There may be millions, so its transaction frees the names, notes the removal
// in the project's name set and enqueues a job, which walks through them. Until
// the job has been everywhere, whoever reads an endpoint takes off what the
// removal will. Each document knows the number of the last removal that it has
// seen, so that what is said after RemoveAttributes stays.

// Limits of removals. AWS publishes none.
const (
	maxPatterns = 250
	maxPattern  = 100 // characters
	maxRunning  = 20  // removals of one project
)

// removal is one RemoveAttributes: the names that are not used for something
// any more.
type removal struct {
	Number int             `json:"number"`
	Use    string          `json:"use"`
	Names  map[string]bool `json:"names"`
}

// checkRemoval returns BadRequestException.
func checkRemoval(use string, patterns []string) error {
	if !slices.Contains([]string{ofAttributes, ofMetrics, ofUserAttributes}, use) {
		return badRequest("attribute-type must be %s, %s or %s.", ofAttributes, ofMetrics, ofUserAttributes)
	}
	if n := len(patterns); n == 0 || n > maxPatterns {
		return badRequest("Blacklist must have 1 to %d names.", maxPatterns)
	}
	for _, p := range patterns {
		if n := utf8.RuneCountInString(p); n == 0 || n > maxPattern || !plain(p) {
			return badRequest("A name in Blacklist must have 1 to %d characters.", maxPattern)
		}
	}
	return nil
}

// without returns a map without the names that a removal takes, and whether
// there were any. It does not change the map.
func without[V any](m map[string]V, r *removal) (map[string]V, bool) {
	var left map[string]V
	took := false
	for name, value := range m {
		if r.Names[name] {
			took = true
			continue
		}
		if left == nil {
			left = make(map[string]V, len(m))
		}
		left[name] = value
	}
	if !took {
		return m, false
	}
	return left, true
}

// since returns the running removals after one.
func (n *nameSet) since(number int) iter.Seq[*removal] {
	return func(yield func(*removal) bool) {
		for _, r := range n.Running {
			if r.Number > number && !yield(r) {
				return
			}
		}
	}
}

// clean returns the endpoint as the running removals leave it, and whether they
// take anything.
func (n *nameSet) clean(e *endpoint) (left *endpoint, changed bool) {
	if e.Removals >= n.Removals {
		return e, false
	}
	left = new(*e)
	left.Removals = n.Removals
	for r := range n.since(e.Removals) {
		took := false
		switch r.Use {
		case ofAttributes:
			left.Attributes, took = without(left.Attributes, r)
		case ofMetrics:
			left.Metrics, took = without(left.Metrics, r)
		case ofUserAttributes:
			left.Unclaimed, took = without(left.Unclaimed, r)
		}
		changed = changed || took
	}
	return left, changed
}

// cleanUser does for a user what clean does for an endpoint.
func (n *nameSet) cleanUser(u *user) (left *user, changed bool) {
	if u.Removals >= n.Removals {
		return u, false
	}
	left = new(*u)
	left.Removals = n.Removals
	for r := range n.since(u.Removals) {
		took := false
		if r.Use == ofUserAttributes {
			left.Attributes, took = without(left.Attributes, r)
		}
		changed = changed || took
	}
	return left, changed
}

// removeAttributes implements RemoveAttributes. It answers the names that the
// project used, and now may use for something else.
func (s *Service) removeAttributes(ctx context.Context, _ *wire.Call, in *pinpoint.RemoveAttributesRequest) (*pinpoint.RemoveAttributesResponse, error) {
	p, err := s.project(ctx, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	use, patterns := in.AttributeType, in.UpdateAttributesRequest.Blacklist
	if err := checkRemoval(use, patterns); err != nil {
		return nil, err
	}
	out := &pinpoint.AttributesResource{ApplicationId: p.id, AttributeType: use}
	err = s.db.Update(ctx, func(tx store.Tx) error {
		if err := p.exists(tx); err != nil {
			return err
		}
		n, err := readNames(tx, p.id)
		if err != nil {
			return err
		}
		if len(n.Running) >= maxRunning {
			return pinpoint.TooManyRequestsException.Newf("%d removals of attributes are under way.", maxRunning)
		}
		var r *removal
		if r, out.Attributes = n.free(use, patterns); len(r.Names) == 0 {
			return nil
		}
		if err := names.Put(tx, p.id, namesKey, n); err != nil {
			return err
		}
		return s.enqueueRemoval(tx, p.id, r.Number)
	})
	s.known.Forget(p.id)
	if err != nil {
		return nil, err
	}
	return &pinpoint.RemoveAttributesResponse{AttributesResource: out}, nil
}

// removalKind is the kind of the jobs that carry removals out.
const removalKind = "audience.removal"

// removalJob is what such a job has to know.
type removalJob struct {
	App    string
	Number int
}

func (s *Service) enqueueRemoval(tx store.Tx, app string, number int) error {
	payload, err := json.Marshal(removalJob{app, number})
	if err != nil {
		return err
	}
	return s.jobs.Enqueue(tx, job.Job{Kind: removalKind, ID: fmt.Sprintf("%s/%d", app, number), Payload: payload})
}

// removalPage is how many documents one transaction of a removal looks at.
const removalPage = 200

// remove is the job of a removal. It may begin anew at any time: what it has
// cleaned once it only reads.
func (s *Service) remove(ctx context.Context, j job.Job) error {
	var of removalJob
	if err := json.Unmarshal(j.Payload, &of); err != nil {
		return job.Permanent(err)
	}
	changed := 0
	for _, look := range []look{(*writer).cleanUsers, (*writer).cleanEndpoints} {
		for at := (store.Cursor{}); ; {
			n, next, err := s.removeFrom(ctx, of, at, look)
			if err != nil {
				return err
			}
			changed += n
			if at = next; at == (store.Cursor{}) {
				break
			}
		}
	}
	if err := s.endRemoval(ctx, of); err != nil {
		return err
	}
	s.log.Info("attributes are removed", "app", of.App, "removal", of.Number, "changed", changed)
	return nil
}

// look cleans one page of documents. It tells how many it changed, and where the
// next page begins.
type look func(w *writer, at store.Cursor) (changed int, next store.Cursor, err error)

// removeFrom takes one look, in a transaction.
func (s *Service) removeFrom(ctx context.Context, of removalJob, at store.Cursor, look look) (changed int, next store.Cursor, err error) {
	err = s.write(ctx, nil, &project{id: of.App, account: s.account}, func(w *writer) (err error) {
		if w.project.names, err = readNames(w.tx, of.App); err != nil {
			return err
		}
		changed, next, err = look(w, at)
		return err
	})
	return changed, next, err
}

func (w *writer) cleanUsers(at store.Cursor) (int, store.Cursor, error) {
	return cleanPage(w, users, at, w.project.names.cleanUser, func(u *user) error { return users.Put(w.tx, w.project.id, u.ID, u) })
}

func (w *writer) cleanEndpoints(at store.Cursor) (int, store.Cursor, error) {
	return cleanPage(w, endpoints, at, w.project.names.clean, w.put)
}

func cleanPage[T any](w *writer, all *store.Collection[T], at store.Cursor, clean func(*T) (*T, bool), put func(*T) error) (changed int, next store.Cursor, err error) {
	page, next, err := all.List(w.tx, w.project.id, store.Query{After: at, Limit: removalPage})
	if err != nil {
		return 0, next, err
	}
	for _, item := range page {
		left, took := clean(item)
		if !took {
			continue
		}
		changed++
		if err := put(left); err != nil {
			return 0, next, err
		}
	}
	return changed, next, nil
}

// endRemoval notes that a removal has been everywhere.
func (s *Service) endRemoval(ctx context.Context, of removalJob) error {
	err := s.db.Update(ctx, func(tx store.Tx) error {
		n, err := readNames(tx, of.App)
		if err != nil {
			return err
		}
		left := slices.DeleteFunc(slices.Clone(n.Running), func(r *removal) bool { return r.Number == of.Number })
		if len(left) == len(n.Running) {
			return nil // ended before, or gone with the project
		}
		n.Running = left
		return names.Put(tx, of.App, namesKey, n)
	})
	s.known.Forget(of.App)
	return err
}
