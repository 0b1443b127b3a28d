package audience

import (
	"context"
	"errors"

	"pintail/internal/store"
)

// retention says for how many days the events of a project are kept, where the
// project has a rule of its own.
type retention struct {
	EventDays int `json:"event_days"` // 0: for ever
}

// Retentions are owned by their project, under this one id.
var retentions = store.NewCollection[retention]("app_retention")

const retentionKey = "retention"

// EventDays returns for how many days the events of a project are kept, 0 for ever;
// nil where the project has no rule of its own. It returns NotFoundException when
// there is no such project.
func (s *Service) EventDays(tx store.Tx, app string) (*int, error) {
	if err := (&project{id: app, account: s.account}).exists(tx); err != nil {
		return nil, err
	}
	r, err := retentions.Get(tx, app, retentionKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &r.EventDays, nil
}

// SetEventDays gives a project a rule of its own, or with nil takes it away. It
// returns NotFoundException when there is no such project.
func (s *Service) SetEventDays(tx store.Tx, app string, days *int) error {
	if err := (&project{id: app, account: s.account}).exists(tx); err != nil {
		return err
	}
	if days == nil {
		_, err := retentions.DeleteAll(tx, app)
		return err
	}
	return retentions.Put(tx, app, retentionKey, &retention{EventDays: *days})
}

// AppIDs returns the ids of all projects.
func (s *Service) AppIDs(ctx context.Context) (ids []string, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		ids = nil
		for app, err := range apps.All(tx, s.account, store.Query{}) {
			if err != nil {
				return err
			}
			ids = append(ids, app.Id)
		}
		return nil
	})
	return ids, err
}
