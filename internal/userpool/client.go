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
	// Secrets are none for a public client, else one or two.
	Secrets []clientSecret `json:",omitzero"`
	// Project is the ARN of the project that the client reports to.
	Project string `json:",omitzero"`
	// Secret is where older records hold their only secret, see [clientRecord.secrets].
	Secret []byte `json:",omitzero"`
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
	secrets []string // the oldest first
	project string   // ARN of the project that the client reports to, "" for none
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

// reportsTo returns the ARN of the project that the client reports to, "" for none.
func (r *clientRecord) reportsTo() string {
	if r.Settings.AnalyticsConfiguration == nil {
		return ""
	}
	return or(r.Project, r.Settings.AnalyticsConfiguration.ApplicationArn)
}

// openClient makes a stored client ready for use.
func (s *Service) openClient(record *clientRecord) (*client, error) {
	cl := &client{UserPoolClientType: &record.Settings, project: record.reportsTo()}
	for _, held := range record.secrets() {
		secret, err := s.secrets.Open(held.Sealed, cl.UserPoolId, cl.ClientId)
		if err != nil {
			return nil, err
		}
		cl.secrets = append(cl.secrets, string(secret))
	}
	return cl, nil
}

// described returns the client as DescribeUserPoolClient shows it: with its oldest
// secret, which is the one that apps know while they are given a new one.
func (s *Service) described(record *clientRecord) (*cognitoidp.UserPoolClientType, error) {
	cl, err := s.openClient(record)
	if err != nil {
		return nil, err
	}
	shown := *cl.UserPoolClientType
	if len(cl.secrets) > 0 {
		shown.ClientSecret = cl.secrets[0]
	}
	return &shown, nil
}

// createUserPoolClient implements CreateUserPoolClient.
func (s *Service) createUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolClientRequest) (*cognitoidp.CreateUserPoolClientResponse, error) {
	settings := clientDefaults(in)
	settings.ClientId = ids.UserPoolClient()
	settings.CreationDate = c.Time.Truncate(time.Millisecond)
	settings.LastModifiedDate = settings.CreationDate

	project, err := s.mayReport(ctx, c, in.UserPoolId, in.AnalyticsConfiguration)
	if err != nil {
		return nil, err
	}
	record := &clientRecord{Settings: *settings}
	switch {
	case isTrue(in.GenerateSecret):
		s.addSecret(record, ids.ClientSecret(), settings.CreationDate)
	case in.ClientSecret != "":
		s.addSecret(record, in.ClientSecret, settings.CreationDate)
	}
	err = s.update(ctx, func(tx store.Tx) error {
		found, err := s.poolRecord(tx, c, in.UserPoolId)
		if err != nil {
			return err
		}
		if err := checkClientSettings(tx, found.keyless(), in, creating); err != nil {
			return err
		}
		if err := checkRoom(tx, clients, in.UserPoolId, maxClients, "app clients"); err != nil {
			return err
		}
		if err := s.configureReports(tx, c, record, project); err != nil {
			return err
		}
		if err := clients.Insert(tx, in.UserPoolId, settings.ClientId, record); err != nil {
			return err
		}
		return clientHomes.Insert(tx, homeOwner, settings.ClientId, &clientHome{PoolID: in.UserPoolId})
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.described(record)
	return &cognitoidp.CreateUserPoolClientResponse{UserPoolClient: shown}, err
}

// describeUserPoolClient implements DescribeUserPoolClient.
func (s *Service) describeUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolClientRequest) (*cognitoidp.DescribeUserPoolClientResponse, error) {
	var record *clientRecord
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		record, err = s.clientRecord(tx, c, in.UserPoolId, in.ClientId)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.described(record)
	return &cognitoidp.DescribeUserPoolClientResponse{UserPoolClient: shown}, err
}

// clientRecord reads a client of a pool of the call's region inside a transaction.
func (s *Service) clientRecord(tx store.Tx, c *wire.Call, poolID, id string) (*clientRecord, error) {
	if _, err := s.poolRecord(tx, c, poolID); err != nil {
		return nil, err
	}
	record, err := clients.Get(tx, poolID, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoClient(id)
	}
	return record, err
}

// checkHome makes sure, inside a transaction, that a pool of the call's region
// exists and that it has an app client, if one is named.
func (s *Service) checkHome(tx store.Tx, c *wire.Call, poolID, clientID string) error {
	if clientID == "" || clientID == allClients {
		_, err := s.poolRecord(tx, c, poolID)
		return err
	}
	_, err := s.clientRecord(tx, c, poolID, clientID)
	return err
}

// changeClient changes a client and returns what it became.
func (s *Service) changeClient(ctx context.Context, c *wire.Call, poolID, id string, change func(store.Tx, *clientRecord) error) (*clientRecord, error) {
	var record *clientRecord
	err := s.update(ctx, func(tx store.Tx) (err error) {
		if record, err = s.clientRecord(tx, c, poolID, id); err != nil {
			return err
		}
		if err := change(tx, record); err != nil {
			return err
		}
		return clients.Put(tx, poolID, id, record)
	})
	if err != nil {
		return nil, err
	}
	s.clients.Forget(id)
	return record, nil
}

// listUserPoolClients implements ListUserPoolClients.
func (s *Service) listUserPoolClients(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolClientsRequest) (out *cognitoidp.ListUserPoolClientsResponse, err error) {
	out = &cognitoidp.ListUserPoolClientsResponse{UserPoolClients: []cognitoidp.UserPoolClientDescription{}}
	out.NextToken, err = listPage(ctx, s, c, clients, in.UserPoolId, in.NextToken, pageSize(in.MaxResults), func(cl *clientRecord) {
		out.UserPoolClients = append(out.UserPoolClients, cognitoidp.UserPoolClientDescription{
			ClientId: cl.Settings.ClientId, UserPoolId: in.UserPoolId, ClientName: cl.Settings.ClientName,
		})
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
	return errors.Join(
		unlessAbsent(riskConfigurations.Delete(tx, poolID, clientID)),
		unlessAbsent(uiCustomizations.Delete(tx, poolID, clientID)),
		deleteStyleOf(tx, poolID, clientID), deleteTermsOf(tx, poolID, clientID))
}
