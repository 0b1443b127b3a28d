package userpool

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// poolRecord is a user pool at rest. Its owner is the account.
type poolRecord struct {
	Settings cognitoidp.UserPoolType
	Region   string
	// The signing keys, sealed: one for ID tokens, one for access tokens.
	IDKey, AccessKey []byte
	// Retired are keys that signed before, see [Service.RotateKeys].
	Retired []retiredKey `json:",omitzero"`
	// Factors are the second factors that the pool offers, and its passkeys.
	Factors factors
	// SharedWith are the projects to which the addresses of users may have gone.
	SharedWith []string `json:",omitzero"`
}

var pools = store.NewCollection("user_pool",
	store.Index("region", func(p *poolRecord) string { return p.Region }))

// pool is a user pool ready for use: shared, and never changed.
type pool struct {
	*cognitoidp.UserPoolType
	*keyring
	schema schema
	record *poolRecord
	opened time.Time // when it was read
	// moved is told, in the transaction, of users whose addresses changed; nil in a pool
	// without keys. The change came through the client via, nil for none.
	moved func(tx store.Tx, p *pool, u *user) error
	via   *client
}

// srpName is how the SRP arithmetic calls the pool: its id without the region.
func (p *pool) srpName() string {
	_, name, _ := strings.Cut(p.Id, "_")
	return name
}

// region is the part of the pool's id before the underscore.
func (p *pool) region() string { return p.record.Region }

// pool returns a user pool by its id.
func (s *Service) pool(ctx context.Context, id string) (*pool, error) {
	return s.pools.Load(id, func(old *pool) (*pool, error) {
		var record *poolRecord
		err := s.db.View(ctx, func(tx store.Tx) (err error) {
			record, err = pools.Get(tx, s.account, id)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, errNoPool(id)
		}
		if err != nil {
			return nil, err
		}
		return s.open(record, old)
	})
}

// poolOf returns the pool that an administrator's call names. Pools of other
// regions do not exist for it: its caller was authorised for the region of the call.
func (s *Service) poolOf(ctx context.Context, c *wire.Call, id string) (*pool, error) {
	p, err := s.pool(ctx, id)
	if err == nil && p.region() != c.Region {
		return nil, errNoPool(id)
	}
	return p, err
}

// isAbsent tells whether an error says that a pool or a client does not exist.
func isAbsent(err error) bool { return errors.Is(err, cognitoidp.ResourceNotFoundException.New("")) }

func errNoPool(id string) error {
	return cognitoidp.ResourceNotFoundException.Newf("User pool %s does not exist.", id)
}

// keyless returns the pool without its keys, for the transaction that has read it. What
// is configured there is held against the pool as it is, not as this node remembers it.
func (r *poolRecord) keyless() *pool {
	return &pool{UserPoolType: &r.Settings, schema: newSchema(r.Settings.SchemaAttributes), record: r}
}

// open makes a stored pool ready for use. It takes the parsed keys over from the
// old one, if they are the same.
func (s *Service) open(record *poolRecord, old *pool) (*pool, error) {
	p := record.keyless()
	p.opened, p.moved = s.clock.Now(), s.addressesMoved
	if old != nil && old.record.sameKeys(record) {
		p.keyring = old.keyring
		return p, nil
	}
	var err error
	if p.keyring, err = s.openKeys(record); err != nil {
		return nil, fmt.Errorf("user pool %s: %w", p.Id, err)
	}
	return p, nil
}

// createUserPool implements CreateUserPool.
func (s *Service) createUserPool(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolRequest) (*cognitoidp.CreateUserPoolResponse, error) {
	if err := checkPoolSettings(in); err != nil {
		return nil, err
	}
	settings := withDefaults(in)
	var err error
	if settings.SchemaAttributes, err = buildSchema(in.Schema); err != nil {
		return nil, err
	}
	if settings.Id, err = newPoolID(c.Region, in.UserPoolTags); err != nil {
		return nil, err
	}
	settings.Arn = c.ARN("cognito-idp", "userpool/"+settings.Id)
	settings.CreationDate = c.Time.Truncate(time.Millisecond)
	settings.LastModifiedDate = settings.CreationDate

	record := &poolRecord{Settings: *settings, Region: c.Region}
	record.Factors.SMS = record.mfa() && settings.SmsConfiguration != nil
	if err := record.check(); err != nil {
		return nil, err
	}
	if record.IDKey, err = s.newKey(settings.Id, useID); err != nil {
		return nil, err
	}
	if record.AccessKey, err = s.newKey(settings.Id, useAccess); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if err := s.checkRoomForPool(tx, c.Region); err != nil {
			return err
		}
		err := pools.Insert(tx, s.account, settings.Id, record)
		if errors.Is(err, store.ErrExists) {
			return invalid("User pool %s already exists.", settings.Id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	settings.EstimatedNumberOfUsers = new(int32(0))
	return &cognitoidp.CreateUserPoolResponse{UserPool: settings}, nil
}

// Tags under which emulators of this field let a developer choose a pool's id.
var idTags = []string{"_custom_id_", "floci:override-id"}

var poolIDForm = regexp.MustCompile(`^[a-z0-9-]+_[0-9a-zA-Z]{1,32}$`)

// newPoolID returns the id for a new pool: the one that its tags ask for, or a
// random one.
func newPoolID(region string, tags map[string]string) (string, error) {
	for _, tag := range idTags {
		id := tags[tag]
		if id == "" {
			continue
		}
		if !strings.HasPrefix(id, region+"_") || !poolIDForm.MatchString(id) {
			return "", invalid("The tag %s must hold a user pool id of this region, such as %s_Example01.", tag, region)
		}
		return id, nil
	}
	return ids.UserPool(region), nil
}

// describeUserPool implements DescribeUserPool.
func (s *Service) describeUserPool(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolRequest) (*cognitoidp.DescribeUserPoolResponse, error) {
	var found *poolRecord
	count := 0
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		if found, err = s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		count, err = s.countUsers(tx, in.UserPoolId)
		return err
	})
	if err != nil {
		return nil, err
	}
	found.Settings.EstimatedNumberOfUsers = new(int32(count))
	return &cognitoidp.DescribeUserPoolResponse{UserPool: &found.Settings}, nil
}

// poolRecord reads a pool of the call's region inside a transaction.
func (s *Service) poolRecord(tx store.Tx, c *wire.Call, id string) (*poolRecord, error) {
	found, err := pools.Get(tx, s.account, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && found.Region != c.Region {
		return nil, errNoPool(id)
	}
	return found, err
}

// listUserPools implements ListUserPools, for the region of the call.
func (s *Service) listUserPools(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolsRequest) (*cognitoidp.ListUserPoolsResponse, error) {
	walk := []string{"ListUserPools", c.Region}
	after, err := s.pages.Open(in.NextToken, s.account, walk...)
	if err != nil {
		return nil, errPageToken()
	}
	out := &cognitoidp.ListUserPoolsResponse{UserPools: []cognitoidp.UserPoolDescriptionType{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		q := store.Query{Index: "region", Match: store.Equal(c.Region), After: after, Limit: int(*in.MaxResults)}
		page, next, err := pools.List(tx, s.account, q)
		for _, p := range page {
			out.UserPools = append(out.UserPools, cognitoidp.UserPoolDescriptionType{
				Id: p.Settings.Id, Name: p.Settings.Name, LambdaConfig: p.Settings.LambdaConfig,
				CreationDate: p.Settings.CreationDate, LastModifiedDate: p.Settings.LastModifiedDate,
			})
		}
		out.NextToken = s.pages.Seal(next, s.account, walk...)
		return err
	})
	return out, err
}

// deleteUserPool implements DeleteUserPool: the pool goes with all that is in it.
func (s *Service) deleteUserPool(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolRequest) (*model.Empty, error) {
	id := in.UserPoolId
	var clientIDs []string
	err := s.update(ctx, func(tx store.Tx) error {
		clientIDs = nil
		found, err := s.poolRecord(tx, c, id)
		if err != nil {
			return err
		}
		if found.Settings.DeletionProtection == cognitoidp.DeletionProtectionTypeActive {
			return invalid("The user pool cannot be deleted because deletion protection is activated. Deletion protection must be inactivated first.")
		}
		if found.hasDomain() {
			return invalid("User pool cannot be deleted. It has a domain configured that should be deleted first.")
		}
		if err := refuseDuringImport(tx, id); err != nil {
			return err
		}
		for cl, err := range clients.All(tx, id, store.Query{}) {
			if err != nil {
				return err
			}
			clientIDs = append(clientIDs, cl.Settings.ClientId)
			if err := clientHomes.Delete(tx, homeOwner, cl.Settings.ClientId); err != nil {
				return err
			}
		}
		return errors.Join(
			deleteAll(tx, clients, id), deleteAll(tx, users, id), deleteAll(tx, aliases, id), deleteAll(tx, signIns, id),
			deleteAll(tx, passkeys, id), deleteAll(tx, devices, id), deleteAll(tx, groups, id), deleteAll(tx, memberships, id),
			deleteAll(tx, riskConfigurations, id), deleteAll(tx, authEvents, id), deleteAll(tx, uiCustomizations, id),
			deleteAll(tx, styles, id), deleteAll(tx, terms, id), deleteAll(tx, logDeliveries, id),
			deleteAll(tx, authEventLogs, id), deleteAll(tx, notificationLogs, id), deleteAll(tx, logTurns, id),
			deleteAll(tx, importJobs, id), deleteAll(tx, importChunks, id), deleteAll(tx, importLogs, id), deleteAll(tx, certificates, id),
			deleteAll(tx, resourceServers, id), deleteAll(tx, providers, id), deleteAll(tx, providerIdentifiers, id),
			deleteAll(tx, links, id),
			pools.Delete(tx, s.account, id))
	})
	if err != nil {
		return nil, err
	}
	s.pools.Forget(id)
	s.sizes.forget(id)
	s.waiting.forget(id)
	s.risks.Forget(riskKey{id, allClients})
	for _, clientID := range clientIDs {
		s.clients.Forget(clientID)
	}
	return nil, nil
}

func deleteAll[T any](tx store.Tx, c *store.Collection[T], owner string) error {
	_, err := c.DeleteAll(tx, owner)
	return err
}

// unlessAbsent lets an error through that does not say that there is no such document.
func unlessAbsent(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}
