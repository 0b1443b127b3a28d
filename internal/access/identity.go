package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// identity is what users, groups and roles have in common (IAM user guide, "IAM
// identities"). The managed policies of one are attachments of their own.
type identity struct {
	Name     string // as it was given; names differ regardless of case
	Path     string
	ID       string // another one if it is made anew under the same name
	ARN      string
	Created  time.Time
	Policies []inlinePolicy // by name
	Tags     []iam.Tag
}

type inlinePolicy struct{ Name, Document string }

// emptyAnswer is the output of operations that have none.
type emptyAnswer = model.Empty

// kind is one of the three kinds of identities and how to keep it. Identities are owned
// by the account, and their ids in the directory are their names in lower case.
type kind[T any] struct {
	*store.Collection[T]
	noun  string // as IAM's messages and ARNs have it
	ids   ids.Kind
	most  int // in an account (IAM and AWS STS quotas)
	quota string
	// inline is how many characters all inline policies of one may have.
	inline   int
	identity func(*T) *identity
}

// newIdentity returns the part of a new user, group or role that all have.
func (s *Service) newIdentity(c *wire.Call, noun string, id ids.Kind, name, path string, tags []iam.Tag) identity {
	if path == "" {
		path = "/"
	}
	return identity{
		Name: name, Path: path, ID: s.account.NewID(id), ARN: s.arn(noun + path + name),
		Created: c.Time.Truncate(time.Second), Tags: tags,
	}
}

// key is where an identity is kept in the directory.
func (i *identity) key() string { return strings.ToLower(i.Name) }

// missing is IAM's answer to a name that nobody has.
func (k *kind[T]) missing(name string) error {
	return iam.NoSuchEntityException.Newf("The %s with name %s cannot be found.", k.noun, name)
}

// taken is IAM's answer to a name that somebody has.
func (k *kind[T]) taken(name string) error {
	return iam.EntityAlreadyExistsException.Newf("%s%s with name %s already exists.", strings.ToUpper(k.noun[:1]), k.noun[1:], name)
}

// find returns the identity of a name, or IAM's error.
func (k *kind[T]) find(tx store.Tx, account, name string) (*T, error) {
	item, err := k.Get(tx, account, strings.ToLower(name))
	if errors.Is(err, store.ErrNotFound) {
		return nil, k.missing(name)
	}
	return item, err
}

// add stores a new identity.
func (k *kind[T]) add(tx store.Tx, account string, item *T) error {
	count, err := k.Count(tx, account)
	if err != nil {
		return err
	}
	if count >= k.most {
		return iam.LimitExceededException.Newf("Cannot exceed quota for %s: %d", k.quota, k.most)
	}
	i := k.identity(item)
	if err := k.Insert(tx, account, i.key(), item); errors.Is(err, store.ErrExists) {
		return k.taken(i.Name)
	} else if err != nil {
		return err
	}
	return nil
}

// view reads the identity of a name.
func view[T any](ctx context.Context, s *Service, k *kind[T], name string) (item *T, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		item, err = k.find(tx, s.account.String(), name)
		return err
	})
	return item, err
}

// change applies a change to the identity of a name and stores it.
func change[T any](ctx context.Context, s *Service, k *kind[T], name string, apply func(store.Tx, *T) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		item, err := k.find(tx, s.account.String(), name)
		if err != nil {
			return err
		}
		if err := apply(tx, item); err != nil {
			return err
		}
		return k.Put(tx, s.account.String(), k.identity(item).key(), item)
	})
}

// update runs a transaction that changes identities or policies, and forgets what was
// compiled of them: anybody's permissions may be others now.
func (s *Service) update(ctx context.Context, fn func(store.Tx) error) error {
	defer s.forget()
	return s.db.Update(ctx, fn)
}

// forget drops what is remembered of the directory.
func (s *Service) forget() {
	s.roles.Reset()
	s.standings.Reset()
	s.longTerm.Reset()
}

// rename moves an identity to another name or path, whichever is given.
func rename[T any](ctx context.Context, s *Service, k *kind[T], name, newName, newPath string) error {
	return s.update(ctx, func(tx store.Tx) error {
		account := s.account.String()
		item, err := k.find(tx, account, name)
		if err != nil {
			return err
		}
		i := k.identity(item)
		before := i.key()
		if newName != "" {
			i.Name = newName
		}
		if newPath != "" {
			i.Path = newPath
		}
		i.ARN = s.arn(k.noun + i.Path + i.Name)
		if i.key() == before {
			return k.Put(tx, account, before, item)
		}
		if err := k.Delete(tx, account, before); err != nil {
			return err
		}
		if err := k.Insert(tx, account, i.key(), item); errors.Is(err, store.ErrExists) {
			return k.taken(i.Name)
		} else if err != nil {
			return err
		}
		return nil
	})
}

// list returns one page of the identities whose path begins with a prefix, by name.
func list[T, O any](ctx context.Context, s *Service, k *kind[T], pathPrefix string, p *page, show func(*T) O) (out []O, err error) {
	out = []O{}
	err = s.db.View(ctx, func(tx store.Tx) error {
		out = out[:0]
		for item, err := range k.All(tx, s.account.String(), store.Query{After: p.after}) {
			if err != nil {
				return err
			}
			i := k.identity(item)
			if !strings.HasPrefix(i.Path, pathPrefix) {
				continue
			}
			if !p.take(store.Cursor{ID: i.key()}) {
				return nil
			}
			out = append(out, show(item))
		}
		return nil
	})
	return out, err
}
