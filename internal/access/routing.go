package access

import (
	"context"
	"errors"
	"slices"

	"pintail/internal/gen/iam"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// What an IAM operation acts upon has a path and tags that only the directory knows, and
// condition keys of its own (Service authorization reference, "AWS Identity and Access
// Management").

// named makes the identity that an operation names its resource.
func named[In, T any](s *Service, k *kind[T], name func(*In) string) wire.Option {
	return wire.Resources(func(ctx context.Context, c *wire.Call, in *In) ([]string, error) {
		i, err := subject(ctx, s, k, c, name(in))
		switch {
		case err != nil:
			return nil, err
		case i != nil:
			return []string{i.ARN}, nil
		case name(in) == "":
			return []string{s.arn(k.noun + "/*")}, nil
		}
		return []string{s.arn(k.noun + "/" + name(in))}, nil
	})
}

// tagged adds the tags of the identity that an operation names.
func tagged[In, T any](s *Service, k *kind[T], name func(*In) string) wire.Option {
	return wire.Keys(func(ctx context.Context, c *wire.Call, in *In, keys *policy.Context) error {
		i, err := subject(ctx, s, k, c, name(in))
		if i != nil {
			resourceTags(keys, i.Tags)
		}
		return err
	})
}

// subject returns the identity of a name, which for a user may be left out by the user
// itself; nil if there is none.
func subject[T any](ctx context.Context, s *Service, k *kind[T], c *wire.Call, name string) (*identity, error) {
	if name == "" && k.noun == users.noun && c.Caller.Type == policy.User {
		name = lastSegment(c.Caller.ARN)
	}
	if name == "" {
		return nil, nil
	}
	item, err := view(ctx, s, k, name)
	if errors.Is(err, iam.NoSuchEntityException.New("")) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return k.identity(item), nil
}

// ofPolicy makes the managed policy that an operation names its resource.
func ofPolicy[In any](arn func(*In) string) wire.Option {
	return wire.Resources(func(_ context.Context, _ *wire.Call, in *In) ([]string, error) { return []string{arn(in)}, nil })
}

// policyTags adds the tags of the managed policy that an operation names.
func policyTags[In any](s *Service, arn func(*In) string) wire.Option {
	return wire.Keys(func(ctx context.Context, _ *wire.Call, in *In, keys *policy.Context) error {
		return s.db.View(ctx, func(tx store.Tx) error {
			m, err := s.findPolicy(tx, arn(in))
			if errors.Is(err, store.ErrNotFound) {
				return nil
			}
			if err == nil {
				resourceTags(keys, m.Tags)
			}
			return err
		})
	})
}

// requested adds the tags that an operation gives.
func requested[In any](tags func(*In) []iam.Tag) wire.Option {
	return wire.Keys(func(_ context.Context, _ *wire.Call, in *In, keys *policy.Context) error {
		var names []string
		for _, tag := range tags(in) {
			keys.Set("aws:RequestTag/"+tag.Key, tag.Value)
			names = append(names, tag.Key)
		}
		setTagKeys(keys, names)
		return nil
	})
}

// untagged adds the keys of the tags that an operation takes away.
func untagged[In any](names func(*In) []string) wire.Option {
	return wire.Keys(func(_ context.Context, _ *wire.Call, in *In, keys *policy.Context) error {
		setTagKeys(keys, slices.Clone(names(in)))
		return nil
	})
}

func setTagKeys(keys *policy.Context, names []string) {
	if len(names) > 0 {
		slices.Sort(names)
		keys.Set("aws:TagKeys", names...)
	}
}

// keyed adds one condition key, if the operation has a value for it.
func keyed[In any](key string, value func(*In) string) wire.Option {
	return wire.Keys(func(_ context.Context, _ *wire.Call, in *In, keys *policy.Context) error {
		if v := value(in); v != "" {
			keys.Set(key, v)
		}
		return nil
	})
}
