package storetest

import (
	"context"
	"errors"
	"sync/atomic"

	"pintail/internal/store"
)

// Line is a node's connection to the directory, which can be cut: for the other nodes
// that is as if this one had died.
type Line struct {
	store.DB
	Cut atomic.Bool
}

// ErrCut answers over a line that is cut.
var ErrCut = errors.New("the line is cut")

// View implements [store.DB].
func (l *Line) View(ctx context.Context, fn func(store.Tx) error) error {
	if l.Cut.Load() {
		return ErrCut
	}
	return l.DB.View(ctx, fn)
}

// Update implements [store.DB].
func (l *Line) Update(ctx context.Context, fn func(store.Tx) error) error {
	if l.Cut.Load() {
		return ErrCut
	}
	return l.DB.Update(ctx, fn)
}
