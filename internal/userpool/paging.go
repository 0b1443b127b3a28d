package userpool

import (
	"context"

	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxListed is the page of a list whose caller names none.
const maxListed = 60

// pageSize is the size of a page for a limit that may be absent or zero.
func pageSize(limit *int32) int {
	if limit == nil || *limit == 0 {
		return maxListed
	}
	return int(*limit)
}

func errPageToken() error { return invalid("Invalid pagination token.") }

// listPage shows one page of the documents of a kind that a pool of the call's region
// owns, in the order of their ids, and returns the token of the next page. A token is
// good for the operation that gave it.
func listPage[T any](ctx context.Context, s *Service, c *wire.Call, kind *store.Collection[T], poolID, token string, limit int, show func(*T)) (next string, err error) {
	after, err := s.pages.Open(token, poolID, c.Op.Name)
	if err != nil {
		return "", errPageToken()
	}
	err = s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, poolID); err != nil {
			return err
		}
		page, more, err := kind.List(tx, poolID, store.Query{After: after, Limit: limit})
		for _, item := range page {
			show(item)
		}
		next = s.pages.Seal(more, poolID, c.Op.Name)
		return err
	})
	return next, err
}
