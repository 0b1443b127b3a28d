package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"pintail/internal/job"
	"pintail/internal/store"
)

// A client with UserDataShared lets its project have the addresses that its users have
// verified, each as an endpoint of its own (Cognito developer guide, "Using Amazon Pinpoint
// for user pool analytics"). A sign-in makes sure that they are there; a job follows every
// change, because an address that is somebody's no more must not be written to.

// addressKind is the kind of the jobs that follow changes of addresses.
const addressKind = "userpool.addresses"

// sharedAddresses are the attributes that are shared, and the channels by which Pinpoint
// writes to them.
var sharedAddresses = []struct{ attribute, channel string }{{attrEmail, "EMAIL"}, {attrPhone, "SMS"}}

// Address is a verified address of a user, for a project.
type Address struct {
	ID      string // of its endpoint: always the same, and not to be guessed
	Sub     string // the user's
	Channel string // EMAIL or SMS
	Value   string
	Create  bool // make the endpoint where there is none
	Revive  bool // the user has just verified it: it counts again, whatever became of it
}

// shares tells whether the client lets its project have addresses.
func (cl *client) shares() bool {
	return cl.reports() && isTrue(cl.AnalyticsConfiguration.UserDataShared)
}

// addressStates are what there is of each of sharedAddresses.
type addressStates [2]struct {
	has      bool
	verified string // the address, if it is verified
}

func (u *user) addressStates() (states addressStates) {
	for i, kind := range sharedAddresses {
		value := u.Attributes[kind.attribute]
		if states[i].has = value != ""; u.verified(kind.attribute) {
			states[i].verified = value
		}
	}
	return states
}

// through returns the pool as it is for changes that a client's call makes.
func (p *pool) through(cl *client) *pool {
	of := *p
	of.via = cl
	return &of
}

// noteAddresses has a change of a user's addresses followed, if there is one since before
// that concerns who has them.
func (p *pool) noteAddresses(tx store.Tx, u *user, before addressStates) error {
	if p.moved == nil {
		return nil
	}
	for i, now := range u.addressStates() {
		if was := before[i]; was.verified != now.verified || was.has && !now.has {
			return p.moved(tx, p, u)
		}
	}
	return nil
}

// addressTask is the payload of a job.
type addressTask struct {
	Pool, Sub string
	Client    string // through which the change came, "" for none
}

// addressesMoved has a job follow what became of a user's addresses, in the transaction
// that changes them, if projects can have them.
func (s *Service) addressesMoved(tx store.Tx, p *pool, u *user) error {
	if !p.via.shares() && len(p.record.SharedWith) == 0 || u.federated() || s.analytics == nil {
		return nil
	}
	task := addressTask{Pool: p.Id, Sub: u.Sub}
	if p.via.shares() {
		task.Client = p.via.ClientId
	}
	payload, err := json.Marshal(task)
	if err != nil {
		return err
	}
	return s.jobs.Enqueue(tx, job.Job{Kind: addressKind, Payload: payload})
}

func (s *Service) handleAddresses() {
	s.jobs.Handle(addressKind, s.followAddresses, job.Options{Concurrency: 4, Attempts: 20, Backoff: job.Exponential(time.Second, 10*time.Minute)})
}

// followAddresses is the job: it makes every project that can have the user's addresses
// have what they are now. The client's project gets those that it does not have yet.
func (s *Service) followAddresses(ctx context.Context, j job.Job) error {
	var task addressTask
	if err := json.Unmarshal(j.Payload, &task); err != nil {
		return job.Permanent(err)
	}
	p, err := s.pool(ctx, task.Pool)
	if isAbsent(err) { // and what it has shared stays with the projects
		return nil
	}
	if err != nil {
		return err
	}
	u, err := s.userBySub(ctx, p, task.Sub)
	if err != nil {
		return err
	}
	sharing, err := s.sharingClients(ctx, p.Id)
	if err != nil {
		return err
	}
	var errs []error
	for _, project := range p.record.SharedWith {
		f := follower{Service: s, pool: p, user: u, sub: task.Sub, project: project}
		if i := slices.IndexFunc(sharing, func(cl *client) bool { return cl.ClientId == task.Client }); i >= 0 && projectID(sharing[i].project) == project {
			f.client, f.create = sharing[i], true
		} else if i := slices.IndexFunc(sharing, func(cl *client) bool { return projectID(cl.project) == project }); i >= 0 {
			f.client = sharing[i]
		}
		errs = append(errs, f.follow(ctx))
	}
	return errors.Join(errs...)
}

// follower takes a user's addresses to one project.
type follower struct {
	*Service
	pool    *pool
	user    *user // nil for one who is gone
	sub     string
	project string
	client  *client // which lets the project have them, nil where none does any more
	create  bool
}

func (f *follower) follow(ctx context.Context) error {
	f.shared.use(sharedKey(f.project, f.sub), f.clock.Now(), func(have *addressStates) { *have = addressStates{} })
	var errs []error
	for _, kind := range sharedAddresses {
		errs = append(errs, f.followOne(ctx, kind.attribute, kind.channel))
	}
	return errors.Join(errs...)
}

func (f *follower) followOne(ctx context.Context, attribute, channel string) error {
	id := f.addressID(f.pool.Id, f.sub, attribute)
	if f.user == nil || f.user.Attributes[attribute] == "" {
		return f.analytics.Remove(ctx, f.project, id)
	}
	if !f.user.verified(attribute) {
		return f.analytics.Suspend(ctx, f.project, id, "")
	}
	value := f.user.Attributes[attribute]
	if f.client != nil {
		a := Address{ID: id, Sub: f.sub, Channel: channel, Value: value, Create: f.create, Revive: true}
		err := f.keepAddress(ctx, f.pool, f.client, a)
		if err == nil || outcomeOf(err) != outcomeRefused {
			return err
		}
	}
	return f.analytics.Suspend(ctx, f.project, id, value)
}

// keepAddress makes the client's project have an address. A refusal is counted and told.
func (s *Service) keepAddress(ctx context.Context, p *pool, cl *client, a Address) error {
	q := queuedReport{pool: p, client: cl}
	err := s.analytics.Keep(ctx, s.roleOf(&q), cl.project, a)
	if err != nil {
		s.unreported(&q, outcomeOf(err), err)
	}
	return err
}

// shareAddresses makes sure, after a sign-in, that the client's project has the user's
// addresses. What it was seen to have a moment ago is not looked for again.
func (s *Service) shareAddresses(ctx context.Context, q *queuedReport) {
	u, err := s.userBySub(ctx, q.pool, q.share)
	if err != nil {
		s.unreported(q, outcomeFailed, err)
		return
	}
	if u == nil {
		return
	}
	now, key := s.clock.Now(), sharedKey(projectID(q.client.project), u.Sub)
	states := u.addressStates()
	if have, ok := s.shared.get(key); ok && have == states {
		return
	}
	for i, kind := range sharedAddresses {
		if states[i].verified == "" {
			continue
		}
		a := Address{ID: s.addressID(q.pool.Id, u.Sub, kind.attribute), Sub: u.Sub, Channel: kind.channel, Value: states[i].verified, Create: true}
		if s.keepAddress(ctx, q.pool, q.client, a) != nil {
			return
		}
	}
	s.shared.use(key, now, func(have *addressStates) { *have = states })
}

// sharedKey is where it is remembered what a project has of a user.
func sharedKey(project, sub string) string { return project + " " + sub }

// userBySub returns a user as the user is now, nil where there is none any more.
func (s *Service) userBySub(ctx context.Context, p *pool, sub string) (u *user, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err = users.GetBy(tx, p.Id, attrSub, sub)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// sharingClients returns the clients of a pool that let projects have addresses.
func (s *Service) sharingClients(ctx context.Context, poolID string) (sharing []*client, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		for record, err := range clients.All(tx, poolID, store.Query{}) {
			if err != nil {
				return err
			}
			cl := &client{UserPoolClientType: &record.Settings, project: record.reportsTo()}
			if cl.shares() {
				sharing = append(sharing, cl)
			}
		}
		return nil
	})
	return sharing, err
}

// addressID returns the id of the endpoint of a user's address. Whoever could guess it
// could have the user's messages sent elsewhere.
func (s *Service) addressID(poolID, sub, attribute string) string {
	var id uuid.UUID
	copy(id[:], s.addressIDs.MAC(poolID, sub, attribute))
	id[6], id[8] = 0x80|id[6]&0x0f, 0x80|id[8]&0x3f // version 8: of the maker's own making
	return id.String()
}
