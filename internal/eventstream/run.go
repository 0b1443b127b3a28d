package eventstream

import (
	"context"
	"errors"
	"sync"
	"time"

	"pintail/internal/store"
)

const (
	// lookEvery is how often a node looks for streams that nobody follows.
	lookEvery = time.Second
	// turnLife is for how long a node that fell silent keeps a stream.
	turnLife = 15 * time.Second
)

// Run follows the streams that no other node follows, until ctx is done. Then it lets
// running attempts end, and gives the streams free.
func (s *Service) Run(ctx context.Context) error {
	var followers sync.WaitGroup
	defer followers.Wait()
	running, ended := map[string]bool{}, make(chan string)
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		changed := s.watch()
		mine, err := s.take(ctx, running)
		if err != nil && ctx.Err() == nil {
			s.Log.Error("the directory does not answer, so event streams wait", "error", err)
		}
		for _, app := range mine {
			running[app] = true
			followers.Go(func() {
				s.follow(ctx, app)
				select {
				case ended <- app:
				case <-ctx.Done():
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case app := <-ended:
			delete(running, app)
		case <-changed:
		case <-look.C:
		}
	}
}

// take begins the turns of streams that nobody follows, and returns their projects.
func (s *Service) take(ctx context.Context, running map[string]bool) (mine []string, err error) {
	now := s.Clock.Now()
	var free []string
	err = s.DB.View(ctx, func(tx store.Tx) error {
		for p, err := range positions.All(tx, s.Account, store.Query{}) {
			if err != nil {
				return err
			}
			if !running[p.App] && s.isFree(p, now) {
				free = append(free, p.App)
			}
		}
		return nil
	})
	if err != nil || len(free) == 0 {
		return nil, err
	}
	err = s.DB.Update(ctx, func(tx store.Tx) error {
		mine = mine[:0]
		for _, app := range free {
			p, err := positions.Get(tx, s.Account, app)
			if errors.Is(err, store.ErrNotFound) || err == nil && !s.isFree(p, now) {
				continue
			}
			if err != nil {
				return err
			}
			p.Node, p.Until = s.node, now.Add(turnLife)
			if err := positions.Put(tx, s.Account, app, p); err != nil {
				return err
			}
			mine = append(mine, app)
		}
		return nil
	})
	return mine, err
}

// isFree tells whether this node may follow a stream.
func (s *Service) isFree(p *position, now time.Time) bool {
	return s.Alone || p.Node == "" || p.Node == s.node || now.After(p.Until)
}
