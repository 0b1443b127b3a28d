package person

import (
	"context"
	"errors"
	"slices"
	"time"

	"pintail/internal/audit"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/job"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool"
)

// Deletion is the deletion of a person.
type Deletion struct {
	ID        string
	Requested time.Time
	Finished  time.Time `json:",omitzero"` // zero while it goes on
	// Deleted tells how much was deleted so far. When a server died on the way, events
	// may be those that were there before it.
	Deleted Counts
}

// deletionRecord is a deletion at rest, owned by the account.
type deletionRecord struct {
	Deletion
	// Subject is who is deleted, until it is done. From then on nothing here names the
	// person.
	Subject *Subject `json:",omitzero"`
	// Gathered tells that the subject has all that is the person's.
	Gathered bool `json:",omitzero"`
	// Record is that of the audit trail, which learns what was deleted.
	Record audit.Record
}

var deletions = store.NewCollection("person_deletion",
	store.Index("finished", func(r *deletionRecord) string { return store.Time(r.Finished) }))

// The kinds of the room's jobs, and how long they try: a deletion does not give up.
const (
	deleteKind = "person.delete"
	pruneKind  = "person.prune"
	pruneEvery = 24 * time.Hour
	// keepDeletions is for how long it is known what a deletion did.
	keepDeletions = 30 * 24 * time.Hour
	// batch is how many messages or records one transaction deletes.
	batch = 200
)

var deleteOptions = job.Options{Concurrency: 2, Attempts: 1000, Backoff: job.Exponential(time.Second, 30*time.Minute), Lease: 2 * time.Minute}

// Delete begins the deletion of a person who was found. The record of it goes into the
// audit trail in the same transaction.
func (s *Service) Delete(ctx context.Context, p *Subject, record audit.Record) (*Deletion, error) {
	d := &deletionRecord{
		Deletion: Deletion{ID: ids.UUID(), Requested: s.Clock.Now().UTC(), Deleted: Counts{}},
		Subject:  p, Record: record,
	}
	err := s.DB.Update(ctx, func(tx store.Tx) error {
		if err := deletions.Insert(tx, s.Account, d.ID, d); err != nil {
			return err
		}
		if err := s.Trail.Write(tx, record); err != nil {
			return err
		}
		return s.Jobs.Enqueue(tx, job.Job{Kind: deleteKind, ID: d.ID})
	})
	return &d.Deletion, err
}

// Deletion returns a deletion as it is now, or NotFoundException.
func (s *Service) Deletion(ctx context.Context, id string) (*Deletion, error) {
	var d *deletionRecord
	err := s.DB.View(ctx, func(tx store.Tx) (err error) {
		d, err = deletions.Get(tx, s.Account, id)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, pinpoint.NotFoundException.New("There is no such deletion.")
	}
	if err != nil {
		return nil, err
	}
	return &d.Deletion, nil
}

// Wait returns a deletion once it is done, or as it is when the context ends.
func (s *Service) Wait(ctx context.Context, id string) (*Deletion, error) {
	tick := time.NewTicker(50 * time.Millisecond) // another node may be at it: there is no signal
	defer tick.Stop()
	for {
		d, err := s.Deletion(context.WithoutCancel(ctx), id)
		if err != nil || !d.Finished.IsZero() {
			return d, err
		}
		select {
		case <-ctx.Done():
			return d, nil
		case <-tick.C:
		}
	}
}

// delete is the job. Every step can be repeated, and stores with what it deletes how
// much that was.
func (s *Service) delete(ctx context.Context, j job.Job) error {
	var d *deletionRecord
	err := s.DB.View(ctx, func(tx store.Tx) (err error) {
		d, err = deletions.Get(tx, s.Account, j.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) || err == nil && !d.Finished.IsZero() {
		return nil
	}
	if err != nil {
		return err
	}
	// The user goes first, so that they sign in no more and report nothing new.
	for _, step := range []func(context.Context, *deletionRecord) error{
		s.find, s.deleteUser, s.deleteEndpoints, s.deleteIdentities, s.eraseEvents, s.deleteMessages, s.finish,
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// change lets a function work on a deletion, in the transaction in which it deletes.
func (s *Service) change(ctx context.Context, d *deletionRecord, fn func(store.Tx, *deletionRecord) error) error {
	return s.DB.Update(ctx, func(tx store.Tx) error {
		now, err := deletions.Get(tx, s.Account, d.ID)
		if err != nil {
			return err
		}
		if !now.Finished.IsZero() { // by a slow twin of this job
			*d = *now
			return nil
		}
		if err := fn(tx, now); err != nil {
			return err
		}
		*d = *now
		return deletions.Put(tx, s.Account, d.ID, now)
	})
}

// find gathers all that is the person's, once: what follows takes away what it goes by.
func (s *Service) find(ctx context.Context, d *deletionRecord) error {
	if d.Gathered || d.Subject == nil {
		return nil
	}
	p := *d.Subject
	events, err := s.gather(ctx, &p)
	if err != nil {
		return err
	}
	return s.change(ctx, d, func(_ store.Tx, now *deletionRecord) error {
		if now.Gathered { // by a twin
			return nil
		}
		now.Subject, now.Gathered = &p, true
		now.Deleted.add(map[string]int{countEvents: int(events)})
		return nil
	})
}

func (s *Service) deleteUser(ctx context.Context, d *deletionRecord) error {
	if d.Subject == nil || d.Subject.User == nil {
		return nil
	}
	who := d.Subject.User
	pool, err := s.UserPools.PersonPool(ctx, who.UserPoolID)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	err = s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
		counts, err := pool.DeletePerson(tx, who.Sub)
		now.Deleted.add(counts)
		return err
	})
	if err != nil {
		return err
	}
	return s.deleteLogs(ctx, d, pool)
}

// deleteLogs looks for records that wait outside of the transactions that delete them:
// there may be very many of other people.
func (s *Service) deleteLogs(ctx context.Context, d *deletionRecord, pool *userpool.PersonPool) error {
	if d.Subject == nil {
		return nil
	}
	var logs []userpool.PersonLog
	err := s.DB.View(ctx, func(tx store.Tx) (err error) {
		logs, err = pool.PersonLogs(tx, d.Subject.User)
		return err
	})
	if err != nil {
		return err
	}
	for some := range slices.Chunk(logs, batch) {
		err := s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
			n, err := pool.DeletePersonLogs(tx, some)
			now.Deleted.add(map[string]int{countLogs: n})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) deleteEndpoints(ctx context.Context, d *deletionRecord) error {
	if d.Subject == nil || d.Subject.App == "" {
		return nil
	}
	return s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
		p := now.Subject
		// Those of now: some may have come since they were gathered.
		more, err := s.Audience.PersonEndpoints(tx, p.App, p.UserIDs, p.EndpointIDs)
		if err != nil {
			return err
		}
		p.EndpointIDs = appendNew(p.EndpointIDs, more...)
		counts, err := s.Audience.DeletePerson(tx, p.App, p.UserIDs, p.EndpointIDs)
		now.Deleted.add(counts)
		return err
	})
}

func (s *Service) deleteIdentities(ctx context.Context, d *deletionRecord) error {
	if d.Subject == nil {
		return nil
	}
	return s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
		theirs, err := s.identitiesOf(tx, now.Subject, now.Subject.IdentityIDs)
		if err != nil {
			return err
		}
		n, err := s.Identities.DeletePersons(tx, appendNew(theirs, now.Subject.IdentityIDs...))
		now.Deleted.add(map[string]int{countIdentities: n})
		return err
	})
}

func (s *Service) eraseEvents(ctx context.Context, d *deletionRecord) error {
	if d.Subject == nil || d.Subject.App == "" {
		return nil
	}
	n, err := s.Events.Erase(ctx, erasure(d.Subject))
	if err != nil || int(n) <= d.Deleted[countEvents] {
		return err
	}
	return s.change(ctx, d, func(_ store.Tx, now *deletionRecord) error {
		now.Deleted[countEvents] = int(n)
		return nil
	})
}

func (s *Service) deleteMessages(ctx context.Context, d *deletionRecord) error {
	for more := d.Subject != nil; more; {
		more = false
		err := s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
			some, err := s.messagesOf(tx, now.Subject, batch)
			if err != nil {
				return err
			}
			more = len(some) == batch
			n, err := s.Outbox.DeleteMessages(tx, some)
			now.Deleted.add(map[string]int{countMessages: n})
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// finish forgets who it was, and lets the trail's record tell what was deleted.
func (s *Service) finish(ctx context.Context, d *deletionRecord) error {
	return s.change(ctx, d, func(tx store.Tx, now *deletionRecord) error {
		now.Finished, now.Subject = s.Clock.Now().UTC(), nil
		now.Record.AdditionalEventData = now.Deleted.texts()
		return s.Trail.Write(tx, now.Record)
	})
}

// prune is the daily job that forgets deletions that were done long ago.
func (s *Service) prune(ctx context.Context, _ job.Job) error {
	limit := s.Clock.Now().Add(-keepDeletions)
	return s.DB.Update(ctx, func(tx store.Tx) error {
		old, _, err := deletions.List(tx, s.Account, store.Query{Index: "finished", Limit: store.MaxLimit})
		for _, d := range old {
			if err == nil && d.Finished.Before(limit) {
				err = deletions.Delete(tx, s.Account, d.ID)
			}
		}
		return err
	})
}
