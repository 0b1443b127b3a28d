package keys

import (
	"context"
	"sync"
)

// Reserve keeps a few signing keys ready, because making one takes longer than a
// request should: a new user pool takes its keys from here.
type Reserve struct {
	ready chan *SigningKey
	stop  context.CancelFunc
	done  sync.WaitGroup
}

// NewReserve starts to fill a reserve with size keys in the background, one after
// the other. Close it when it is no longer needed.
func NewReserve(size int) *Reserve {
	ctx, stop := context.WithCancel(context.Background())
	r := &Reserve{ready: make(chan *SigningKey, size), stop: stop}
	r.done.Go(func() { r.fill(ctx) })
	return r
}

// fill makes keys until it is told to stop, or cannot: then Take reports why.
func (r *Reserve) fill(ctx context.Context) {
	for ctx.Err() == nil {
		key, err := NewSigningKey()
		if err != nil {
			return
		}
		select {
		case r.ready <- key:
		case <-ctx.Done():
		}
	}
}

// Take returns a key that nobody else gets: a ready one at once, or a new one
// when the reserve is empty.
func (r *Reserve) Take() (*SigningKey, error) {
	select {
	case key := <-r.ready:
		return key, nil
	default:
		return NewSigningKey()
	}
}

// Close stops filling, and returns when the key in the making is done. Take
// still works after it. Further calls do nothing.
func (r *Reserve) Close() {
	r.stop()
	r.done.Wait()
}
