package access

import (
	"pintail/internal/store"
	"pintail/internal/wire"
)

// defaultPageSize is how many items an IAM list has unless the caller says otherwise.
const defaultPageSize = 100

// page is one page of an IAM list: where it begins, and once it is full, where the next
// one does.
type page struct {
	after store.Cursor
	left  int
	last  store.Cursor
	full  bool

	tokens *store.Tokens
	owner  string
	query  []string
}

// page opens the page that a caller asks for. The query is everything that makes it
// another list.
func (s *Service) page(marker string, maxItems *int32, query ...string) (*page, error) {
	p := &page{left: defaultPageSize, tokens: s.tokens, owner: s.account.String(), query: query}
	if maxItems != nil {
		p.left = int(*maxItems)
	}
	var err error
	if p.after, err = s.tokens.Open(marker, p.owner, query...); err != nil {
		return nil, wire.ValidationError.New("Invalid Marker.")
	}
	return p, nil
}

// take tells whether the item at a place fits on the page. After the first that does not,
// the list is truncated.
func (p *page) take(at store.Cursor) bool {
	if p.left == 0 {
		p.full = true
		return false
	}
	p.left--
	p.last = at
	return true
}

// end returns what the answer says of the rest of the list.
func (p *page) end() (isTruncated *bool, marker string) {
	if p.full {
		marker = p.tokens.Seal(p.last, p.owner, p.query...)
	}
	return new(p.full), marker
}

// takeNamed returns those of a list, sorted by name, that are on the page.
func takeNamed[T, O any](p *page, all []T, name func(T) string, show func(T) O) []O {
	out := []O{}
	for _, item := range all {
		if name(item) <= p.after.ID {
			continue
		}
		if !p.take(store.Cursor{ID: name(item)}) {
			break
		}
		out = append(out, show(item))
	}
	return out
}
