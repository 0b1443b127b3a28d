package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/job"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/logexport"
)

// Records wait in the directory until a job has handed them over. Each is written in
// the transaction of what it tells.

// waitingLog is a record that waits, at rest. The pool owns it; ids are in the order
// of time.
type waitingLog struct {
	ID   string
	Time time.Time // of what it tells
	Text string
}

// Each source has its records to itself.
var (
	authEventLogs    = store.NewCollection[waitingLog]("auth_event_log")
	notificationLogs = store.NewCollection[waitingLog]("notification_log")
)

// logSources are all sources of records, and where those of each wait.
var logSources = map[cognitoidp.EventSourceName]*store.Collection[waitingLog]{
	cognitoidp.EventSourceNameUserAuthEvents:   authEventLogs,
	cognitoidp.EventSourceNameUserNotification: notificationLogs,
}

const (
	// logSlot is for how long records are gathered for one job.
	logSlot = 5 * time.Second
	// logGrace is how long after its slot a job is due. A record is written within it,
	// if at all, and so by the time that the job looks: an Enqueue that meets a job
	// which has begun would have no run of its own.
	logGrace = 5 * time.Second
	// maxWaitingLogs is how many records of a pool wait. More are dropped.
	maxWaitingLogs = 100_000
)

// exportLog has a record delivered, where the pool wants records of the source and
// the server knows where to.
func (s *Service) exportLog(tx store.Tx, poolID string, source cognitoidp.EventSourceName, at time.Time, message any) error {
	arn, err := logDestination(tx, poolID, source)
	if err != nil || arn == "" || !s.isPlaced(arn) {
		return err
	}
	if room, err := s.hasLogRoom(tx, poolID); err != nil || !room {
		return err
	}
	text, err := logText(poolID, source, at, message)
	if err != nil {
		return err
	}
	now := s.clock.Now() // and not the request's time: the transaction may run again
	id := fmt.Sprintf("%016x-%s", now.UnixNano(), ids.UUID())
	if err := logSources[source].Insert(tx, poolID, id, &waitingLog{ID: id, Time: at, Text: text}); err != nil {
		return err
	}
	slot := now.Truncate(logSlot)
	return s.enqueueLogs(tx, logTask{poolID, source}, fmt.Sprintf("%s %s %d", poolID, source, slot.Unix()), slot.Add(logSlot+logGrace))
}

// enqueueLogs has a job drain what waits; without an id it gets one of its own.
func (s *Service) enqueueLogs(tx store.Tx, task logTask, id string, at time.Time) error {
	payload, err := json.Marshal(task)
	if err != nil {
		return err
	}
	return s.jobs.Enqueue(tx, job.Job{Kind: logKind, ID: id, RunAt: at, Payload: payload})
}

// logDestination returns the ARN to which a pool's records of a source go, "" for
// nowhere.
func logDestination(tx store.Tx, poolID string, source cognitoidp.EventSourceName) (string, error) {
	stored, err := logDeliveries.Get(tx, poolID, poolID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, l := range stored.LogConfigurations {
		if l.EventSource != source {
			continue
		}
		for _, arn := range destinationsOf(&l) {
			if arn != "" {
				return arn, nil
			}
		}
	}
	return "", nil
}

// isPlaced tells whether records can go to an ARN, and once tells the log where not.
func (s *Service) isPlaced(arn string) bool {
	if logexport.Supports(arn) && s.triggers.Destination(arn) != nil {
		return true
	}
	if _, said := s.unplaced.LoadOrStore(arn, true); !said {
		s.log.Warn("logs of a user pool are dropped: the triggers file has no destination for their ARN", "arn", arn)
	}
	return false
}

// redirectLogs follows a change of the configuration: what waits for a source that
// has no destination any more is dropped, the rest goes to the new one at once.
func (s *Service) redirectLogs(tx store.Tx, poolID string, wanted []cognitoidp.LogConfigurationType) error {
	if _, err := logTurns.DeleteAll(tx, poolID); err != nil {
		return err
	}
	kept := make(map[cognitoidp.EventSourceName]bool)
	for _, l := range wanted {
		kept[l.EventSource] = true
	}
	for source, waiting := range logSources {
		if !kept[source] {
			if _, err := waiting.DeleteAll(tx, poolID); err != nil {
				return err
			}
			continue
		}
		first, _, err := waiting.List(tx, poolID, store.Query{Limit: 1})
		if err == nil && len(first) > 0 {
			err = s.enqueueLogs(tx, logTask{poolID, source}, "", time.Time{})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// logRooms remember, for as long as a slot, how many records of each pool wait.
type logRooms struct {
	mu     sync.Mutex
	byPool map[string]logRoom
}

type logRoom struct {
	rows  int
	until time.Time // from when on it is to be counted again
	full  bool      // the log has been told
}

func (r *logRooms) get(poolID string) logRoom {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byPool[poolID]
}

func (r *logRooms) set(poolID string, room logRoom) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byPool == nil {
		r.byPool = make(map[string]logRoom)
	}
	r.byPool[poolID] = room
}

// forget drops the numbers of the pools, of all without any.
func (r *logRooms) forget(poolIDs ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range poolIDs {
		delete(r.byPool, id)
	}
	if len(poolIDs) == 0 {
		clear(r.byPool)
	}
}

// countWaiting counts a pool's records, if that was not done lately, ahead of a
// transaction: within one that writes, the count would collide with others' records.
func (s *Service) countWaiting(ctx context.Context, poolID string) {
	if s.clock.Now().Before(s.waiting.get(poolID).until) {
		return
	}
	_ = s.db.View(ctx, func(tx store.Tx) error { // the transaction that follows will tell
		_, err := s.logRoomOf(tx, poolID)
		return err
	})
}

// logRoomOf returns how many records of a pool wait, counted within the last slot.
func (s *Service) logRoomOf(tx store.Tx, poolID string) (logRoom, error) {
	room, now := s.waiting.get(poolID), s.clock.Now()
	if now.Before(room.until) {
		return room, nil
	}
	room.rows, room.until = 0, now.Add(logSlot)
	for _, waiting := range logSources {
		n, err := waiting.Count(tx, poolID)
		if err != nil {
			return room, err
		}
		room.rows += n
	}
	s.waiting.set(poolID, room)
	return room, nil
}

// hasLogRoom tells whether one more record of a pool may wait, and once tells the log
// when that ends.
func (s *Service) hasLogRoom(tx store.Tx, poolID string) (bool, error) {
	room, err := s.logRoomOf(tx, poolID)
	if err != nil {
		return false, err
	}
	full := room.rows >= s.maxLogs
	if full && !room.full {
		s.log.Warn("logs of a user pool are dropped: too many wait for their destination", "pool", poolID, "waiting", room.rows)
	}
	if room.full = full; !full {
		room.rows++
	}
	s.waiting.set(poolID, room)
	return !full, nil
}
