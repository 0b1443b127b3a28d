package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// clientRecord is an app client at rest. Its owner is the pool.
type clientRecord struct {
	Settings cognitoidp.UserPoolClientType // without the secret
	Secret   []byte                        // sealed; nil for a client without one
}

// clientHome tells which pool an app client belongs to: a person's calls name the
// client only.
type clientHome struct{ PoolID string }

var (
	clients     = store.NewCollection[clientRecord]("user_pool_client")
	clientHomes = store.NewCollection[clientHome]("user_pool_client_home")
)

// homeOwner owns the look-ups from clients to pools, which are the server's own.
const homeOwner = ""

// client is an app client ready for use: shared, and never changed.
type client struct {
	*cognitoidp.UserPoolClientType
	secret string
}

// client returns an app client by its id, and its pool.
func (s *Service) client(ctx context.Context, id string) (*client, *pool, error) {
	cl, err := s.clients.Load(id, func(*client) (*client, error) {
		var record *clientRecord
		err := s.db.View(ctx, func(tx store.Tx) error {
			home, err := clientHomes.Get(tx, homeOwner, id)
			if err != nil {
				return err
			}
			record, err = clients.Get(tx, home.PoolID, id)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, errNoClient(id)
		}
		if err != nil {
			return nil, err
		}
		return s.openClient(record)
	})
	if err != nil {
		return nil, nil, err
	}
	p, err := s.pool(ctx, cl.UserPoolId)
	return cl, p, err
}

func errNoClient(id string) error {
	return cognitoidp.ResourceNotFoundException.Newf("User pool client %s does not exist.", id)
}

// openClient makes a stored client ready for use.
func (s *Service) openClient(record *clientRecord) (*client, error) {
	cl := &client{UserPoolClientType: &record.Settings}
	if record.Secret != nil {
		secret, err := s.secrets.Open(record.Secret, cl.UserPoolId, cl.ClientId)
		if err != nil {
			return nil, err
		}
		cl.secret = string(secret)
	}
	return cl, nil
}

// createUserPoolClient implements CreateUserPoolClient.
func (s *Service) createUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.CreateUserPoolClientResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	if err := checkClientSettings(p, in); err != nil {
		return nil, err
	}
	settings := clientDefaults(in)
	settings.ClientId = ids.UserPoolClient()
	settings.CreationDate = c.Time.Truncate(time.Millisecond)
	settings.LastModifiedDate = settings.CreationDate

	secret := in.ClientSecret
	if isTrue(in.GenerateSecret) {
		secret = ids.ClientSecret()
	}
	record := &clientRecord{Settings: *settings}
	if secret != "" {
		record.Secret = s.secrets.Seal([]byte(secret), p.Id, settings.ClientId)
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, p.Id); err != nil { // deleted meanwhile
			return err
		}
		if err := clients.Insert(tx, p.Id, settings.ClientId, record); err != nil {
			return err
		}
		return clientHomes.Insert(tx, homeOwner, settings.ClientId, &clientHome{PoolID: p.Id})
	})
	if err != nil {
		return nil, err
	}
	settings.ClientSecret = secret
	return &cognitoidp.CreateUserPoolClientResponse{UserPoolClient: settings}, nil
}

// describeUserPoolClient implements DescribeUserPoolClient.
func (s *Service) describeUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolClientRequest) (*cognitoidp.DescribeUserPoolClientResponse, error) {
	var record *clientRecord
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		if record, err = clients.Get(tx, in.UserPoolId, in.ClientId); errors.Is(err, store.ErrNotFound) {
			return errNoClient(in.ClientId)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	cl, err := s.openClient(record)
	if err != nil {
		return nil, err
	}
	described := *cl.UserPoolClientType
	described.ClientSecret = cl.secret
	return &cognitoidp.DescribeUserPoolClientResponse{UserPoolClient: &described}, nil
}

// maxListed is the page of a list whose caller names none.
const maxListed = 60

// listUserPoolClients implements ListUserPoolClients.
func (s *Service) listUserPoolClients(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolClientsRequest) (*cognitoidp.ListUserPoolClientsResponse, error) {
	const walk = "ListUserPoolClients"
	after, err := s.pages.Open(in.NextToken, in.UserPoolId, walk)
	if err != nil {
		return nil, errPageToken()
	}
	out := &cognitoidp.ListUserPoolClientsResponse{UserPoolClients: []cognitoidp.UserPoolClientDescription{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		q := store.Query{After: after, Limit: int(*orNumber(in.MaxResults, maxListed))}
		page, next, err := clients.List(tx, in.UserPoolId, q)
		for _, cl := range page {
			out.UserPoolClients = append(out.UserPoolClients, cognitoidp.UserPoolClientDescription{
				ClientId: cl.Settings.ClientId, UserPoolId: in.UserPoolId, ClientName: cl.Settings.ClientName,
			})
		}
		out.NextToken = s.pages.Seal(next, in.UserPoolId, walk)
		return err
	})
	return out, err
}

// deleteUserPoolClient implements DeleteUserPoolClient.
func (s *Service) deleteUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolClientRequest) (*model.Empty, error) {
	err := s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		err := clients.Delete(tx, in.UserPoolId, in.ClientId)
		if errors.Is(err, store.ErrNotFound) {
			return errNoClient(in.ClientId)
		}
		if err != nil {
			return err
		}
		if err := deleteOfClient(tx, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		return clientHomes.Delete(tx, homeOwner, in.ClientId)
	})
	if err != nil {
		return nil, err
	}
	s.clients.Forget(in.ClientId)
	return nil, nil
}

// deleteOfClient removes what was configured for an app client alone.
func deleteOfClient(tx store.Tx, poolID, clientID string) error {
	return unlessAbsent(riskConfigurations.Delete(tx, poolID, clientID))
}
