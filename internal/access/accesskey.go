package access

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// accessKey is a long-term access key at rest.
type accessKey struct {
	ID      string
	Owner   string // who the key speaks for: rootOwner, or the unique id of a user
	Sealed  []byte // the secret
	Created time.Time
	// Inactive keys open nothing.
	Inactive bool    `json:",omitzero"`
	Used     lastUse `json:",omitzero"`

	secret string
}

// lastUse is when and for what a key signed a request.
type lastUse struct {
	At              time.Time
	Service, Region string
}

// rootOwner owns the account's root access key.
const rootOwner = "root"

var accessKeys = store.NewCollection("access_key", store.Index("holder", func(k *accessKey) string { return k.Owner }))

// directory owns look-ups that arrive without an owner.
const directory = "access"

const (
	// maxKeys is how many access keys a user can have.
	maxKeys = 2
	// useKept is how exactly it is known when a key was used: a write for every request
	// would tell nobody more.
	useKept = 15 * time.Minute
)

// keysOf selects the keys of an owner.
func keysOf(owner string, limit int) store.Query {
	return store.Query{Index: "holder", Match: store.Equal(owner), Limit: limit}
}

// newKey returns a new key of an owner.
func (s *Service) newKey(owner, id, secret string, now time.Time) *accessKey {
	return &accessKey{ID: id, Owner: owner, Sealed: s.secrets.Seal([]byte(secret), id), Created: now.Truncate(time.Second)}
}

// RootKey returns the root user's access key, making one when there is none.
// created tells that it is new, so that it can be shown this once.
func (s *Service) RootKey(ctx context.Context) (id, secret string, created bool, err error) {
	err = s.db.Update(ctx, func(tx store.Tx) error {
		found, _, err := accessKeys.List(tx, directory, keysOf(rootOwner, 1))
		if err != nil {
			return err
		}
		if len(found) > 0 {
			id, created = found[0].ID, false
			secret, err = s.unsealKey(found[0])
			return err
		}
		id, secret, created = s.account.NewID(ids.AccessKey), ids.SecretAccessKey(), true
		return accessKeys.Insert(tx, directory, id, s.newKey(rootOwner, id, secret, s.clock.Now()))
	})
	return id, secret, created, err
}

// RestoreRootKey puts a root key back after a reset, so that clients which were
// configured with it keep working.
func (s *Service) RestoreRootKey(ctx context.Context, id, secret string) error {
	return s.update(ctx, func(tx store.Tx) error {
		return accessKeys.Put(tx, directory, id, s.newKey(rootOwner, id, secret, s.clock.Now()))
	})
}

func (s *Service) unsealKey(k *accessKey) (string, error) {
	secret, err := s.secrets.Open(k.Sealed, k.ID)
	return string(secret), err
}

// findKey returns a long-term key that opens something, with its secret, or
// sigv4.ErrUnknownKey.
func (s *Service) findKey(ctx context.Context, id string) (*accessKey, error) {
	return s.longTerm.Load(id, func(*accessKey) (k *accessKey, err error) {
		err = s.db.View(ctx, func(tx store.Tx) (err error) {
			k, err = accessKeys.Get(tx, directory, id)
			return err
		})
		if errors.Is(err, store.ErrNotFound) || err == nil && k.Inactive {
			return nil, sigv4.ErrUnknownKey
		}
		if err != nil {
			return nil, err
		}
		k.secret, err = s.unsealKey(k)
		return k, err
	})
}

// keyUsed remembers what a key was used for.
func (s *Service) keyUsed(ctx context.Context, k *accessKey, v *sigv4.Verified) error {
	now := s.clock.Now()
	if now.Sub(k.Used.At) < useKept {
		return nil
	}
	defer s.longTerm.Forget(k.ID)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		_, err := accessKeys.Modify(tx, directory, k.ID, func(k *accessKey) error {
			k.Used = lastUse{At: now.Truncate(time.Second), Service: v.Service, Region: v.Region}
			return nil
		})
		return err
	})
	if errors.Is(err, store.ErrNotFound) { // deleted meanwhile
		return nil
	}
	return err
}

func (k *accessKey) status() iam.StatusType {
	if k.Inactive {
		return iam.StatusTypeInactive
	}
	return iam.StatusTypeActive
}

// keyHolder is whose access keys an operation is about.
type keyHolder struct{ name, id string }

// keyHolder finds the user whom an operation names, or who calls. The root user who names
// nobody is about their own keys.
func (s *Service) keyHolder(tx store.Tx, c *wire.Call, name string) (keyHolder, error) {
	if name == "" && c.Caller.Type == policy.Root {
		return keyHolder{id: rootOwner}, nil
	}
	name, err := callersName(c, name)
	if err != nil {
		return keyHolder{}, err
	}
	u, err := users.find(tx, s.account.String(), name)
	if err != nil {
		return keyHolder{}, err
	}
	return keyHolder{u.Name, u.ID}, nil
}

// createAccessKey implements CreateAccessKey: the only time that the secret is shown.
func (s *Service) createAccessKey(ctx context.Context, c *wire.Call, in *iam.CreateAccessKeyRequest) (*iam.CreateAccessKeyResponse, error) {
	out := new(iam.CreateAccessKeyResponse)
	err := s.update(ctx, func(tx store.Tx) error {
		holder, err := s.keyHolder(tx, c, in.UserName)
		if err != nil {
			return err
		}
		have, _, err := accessKeys.List(tx, directory, keysOf(holder.id, maxKeys))
		if err != nil {
			return err
		}
		if len(have) >= maxKeys {
			return iam.LimitExceededException.Newf("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
		}
		id, secret := s.account.NewID(ids.AccessKey), ids.SecretAccessKey()
		k := s.newKey(holder.id, id, secret, c.Time)
		out.AccessKey = &iam.AccessKey{
			UserName: holder.name, AccessKeyId: id, SecretAccessKey: secret, Status: k.status(), CreateDate: k.Created,
		}
		return accessKeys.Insert(tx, directory, id, k)
	})
	return out, err
}

// changeKey applies a change to a key of whom an operation is about.
func (s *Service) changeKey(ctx context.Context, c *wire.Call, name, id string, apply func(store.Tx, *accessKey) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		holder, err := s.keyHolder(tx, c, name)
		if err != nil {
			return err
		}
		k, err := accessKeys.Get(tx, directory, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && k.Owner != holder.id {
			return iam.NoSuchEntityException.Newf("The Access Key with id %s cannot be found.", id)
		}
		if err != nil {
			return err
		}
		return apply(tx, k)
	})
}

// updateAccessKey implements UpdateAccessKey.
func (s *Service) updateAccessKey(ctx context.Context, c *wire.Call, in *iam.UpdateAccessKeyRequest) (*emptyAnswer, error) {
	return nil, s.changeKey(ctx, c, in.UserName, in.AccessKeyId, func(tx store.Tx, k *accessKey) error {
		k.Inactive = in.Status == iam.StatusTypeInactive
		return accessKeys.Put(tx, directory, k.ID, k)
	})
}

// deleteAccessKey implements DeleteAccessKey.
func (s *Service) deleteAccessKey(ctx context.Context, c *wire.Call, in *iam.DeleteAccessKeyRequest) (*emptyAnswer, error) {
	return nil, s.changeKey(ctx, c, in.UserName, in.AccessKeyId, func(tx store.Tx, k *accessKey) error {
		return accessKeys.Delete(tx, directory, k.ID)
	})
}

// listAccessKeys implements ListAccessKeys.
func (s *Service) listAccessKeys(ctx context.Context, c *wire.Call, in *iam.ListAccessKeysRequest) (*iam.ListAccessKeysResponse, error) {
	out := new(iam.ListAccessKeysResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		holder, err := s.keyHolder(tx, c, in.UserName)
		if err != nil {
			return err
		}
		p, err := s.page(in.Marker, in.MaxItems, "ListAccessKeys", holder.id)
		if err != nil {
			return err
		}
		have, _, err := accessKeys.List(tx, directory, keysOf(holder.id, maxKeys))
		if err != nil {
			return err
		}
		out.AccessKeyMetadata = takeNamed(p, have, func(k *accessKey) string { return k.ID }, func(k *accessKey) iam.AccessKeyMetadata {
			return iam.AccessKeyMetadata{UserName: holder.name, AccessKeyId: k.ID, Status: k.status(), CreateDate: k.Created}
		})
		out.IsTruncated, out.Marker = p.end()
		return nil
	})
	return out, err
}

// getAccessKeyLastUsed implements GetAccessKeyLastUsed, to a quarter of an hour.
func (s *Service) getAccessKeyLastUsed(ctx context.Context, _ *wire.Call, in *iam.GetAccessKeyLastUsedRequest) (*iam.GetAccessKeyLastUsedResponse, error) {
	out := new(iam.GetAccessKeyLastUsedResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		k, err := accessKeys.Get(tx, directory, in.AccessKeyId)
		if errors.Is(err, store.ErrNotFound) {
			return iam.NoSuchEntityException.Newf("The Access Key with id %s cannot be found", in.AccessKeyId)
		}
		if err != nil {
			return err
		}
		if k.Owner != rootOwner {
			u, err := s.userByID(tx, k.Owner)
			if err != nil {
				return err
			}
			out.UserName = u.Name
		}
		out.AccessKeyLastUsed = &iam.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}
		if !k.Used.At.IsZero() {
			out.AccessKeyLastUsed = &iam.AccessKeyLastUsed{LastUsedDate: k.Used.At, ServiceName: k.Used.Service, Region: k.Used.Region}
		}
		return nil
	})
	return out, err
}
