package userpool

import (
	"context"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// listUsers implements ListUsers. With a filter the users come in the order of the
// filter's attribute.
func (s *Service) listUsers(ctx context.Context, c *wire.Call, in *cognitoidp.ListUsersRequest) (*cognitoidp.ListUsersResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	shown, err := p.columns(in.AttributesToGet)
	if err != nil {
		return nil, err
	}
	q, matches := store.Query{}, func(*user) bool { return true }
	if in.Filter != "" {
		f, err := parseFilter(in.Filter)
		if err != nil {
			return nil, err
		}
		q, matches = f.query(), f.matches
	}
	walk := []string{"ListUsers", in.Filter}
	if q.After, err = s.pages.Open(in.PaginationToken, p.Id, walk...); err != nil {
		return nil, errPageToken()
	}
	q.Limit = pageSize(in.Limit)
	out := &cognitoidp.ListUsersResponse{Users: []cognitoidp.UserType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		page, next, err := users.List(tx, p.Id, q)
		for _, u := range page {
			if matches(u) {
				out.Users = append(out.Users, p.listed(u, shown))
			}
		}
		out.PaginationToken = s.pages.Seal(next, p.Id, walk...)
		return err
	})
	return out, err
}

// columns returns which attributes a list shows: those asked for, none for an empty
// list, and all where nothing is said.
func (p *pool) columns(wanted []string) (func(name string) bool, error) {
	if wanted == nil {
		return everything, nil
	}
	for _, name := range wanted {
		if !p.schema.has(name) {
			return nil, invalid("One or more requested attributes do not exist.")
		}
	}
	return func(name string) bool { return slices.Contains(wanted, name) }, nil
}

func (p *pool) listed(u *user, shown func(string) bool) cognitoidp.UserType {
	return cognitoidp.UserType{
		Username: u.Username, Attributes: p.attributesOf(u, shown),
		UserCreateDate: u.Created, UserLastModifiedDate: u.Modified, Enabled: new(u.Enabled), UserStatus: u.Status,
		MFAOptions: p.mfaOptions(u),
	}
}
