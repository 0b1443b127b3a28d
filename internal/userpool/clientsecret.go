package userpool

import (
	"context"
	"slices"
	"strconv"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxSecrets is how many secrets an app client can have: the one that apps use and
// the one that will take its place.
const maxSecrets = 2

// clientSecret is a secret of an app client at rest.
type clientSecret struct {
	ID      string
	Sealed  []byte
	Created time.Time
}

// secrets are the client's secrets, the oldest first.
func (r *clientRecord) secrets() []clientSecret {
	if r.Secret == nil {
		return r.Secrets
	}
	only := clientSecret{ID: secretID(r.Settings.ClientId, r.Settings.CreationDate), Sealed: r.Secret, Created: r.Settings.CreationDate}
	return append([]clientSecret{only}, r.Secrets...)
}

// setSecrets replaces the client's secrets.
func (r *clientRecord) setSecrets(list []clientSecret) { r.Secrets, r.Secret = list, nil }

// secretID names a secret by its client and the moment at which it was made.
func secretID(clientID string, created time.Time) string {
	return clientID + "--" + strconv.FormatInt(created.UnixMilli(), 10)
}

// addSecret seals one more secret into a client, and describes it.
func (s *Service) addSecret(r *clientRecord, secret string, now time.Time) clientSecret {
	list := r.secrets()
	if n := len(list); n > 0 && !now.After(list[n-1].Created) { // every secret has a moment of its own
		now = list[n-1].Created.Add(time.Millisecond)
	}
	added := clientSecret{
		ID:      secretID(r.Settings.ClientId, now),
		Sealed:  s.secrets.Seal([]byte(secret), r.Settings.UserPoolId, r.Settings.ClientId),
		Created: now,
	}
	r.setSecrets(append(slices.Clone(list), added))
	return added
}

// addUserPoolClientSecret implements AddUserPoolClientSecret: a client that has a
// secret gets a second one. Only a secret that the server made up is shown, once.
func (s *Service) addUserPoolClientSecret(ctx context.Context, c *wire.Call, in *cognitoidp.AddUserPoolClientSecretRequest) (*cognitoidp.AddUserPoolClientSecretResponse, error) {
	shown := cognitoidp.ClientSecretDescriptorType{}
	secret := in.ClientSecret
	if secret == "" {
		secret = ids.ClientSecret()
		shown.ClientSecretValue = secret
	}
	_, err := s.changeClient(ctx, c, in.UserPoolId, in.ClientId, func(_ store.Tx, r *clientRecord) error {
		switch len(r.secrets()) {
		case 0:
			return invalid("User pool client %s has no client secret.", in.ClientId)
		case maxSecrets:
			return cognitoidp.LimitExceededException.Newf("User pool client %s can have at most %d client secrets.", in.ClientId, maxSecrets)
		}
		added := s.addSecret(r, secret, c.Time.Truncate(time.Millisecond))
		shown.ClientSecretId, shown.ClientSecretCreateDate = added.ID, added.Created
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AddUserPoolClientSecretResponse{ClientSecretDescriptor: &shown}, nil
}

// listUserPoolClientSecrets implements ListUserPoolClientSecrets: all of them, on one
// page and without their values.
func (s *Service) listUserPoolClientSecrets(ctx context.Context, c *wire.Call, in *cognitoidp.ListUserPoolClientSecretsRequest) (*cognitoidp.ListUserPoolClientSecretsResponse, error) {
	if in.NextToken != "" {
		return nil, errPageToken()
	}
	out := &cognitoidp.ListUserPoolClientSecretsResponse{ClientSecrets: []cognitoidp.ClientSecretDescriptorType{}}
	err := s.db.View(ctx, func(tx store.Tx) error {
		record, err := s.clientRecord(tx, c, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		for _, held := range record.secrets() {
			out.ClientSecrets = append(out.ClientSecrets, cognitoidp.ClientSecretDescriptorType{
				ClientSecretId: held.ID, ClientSecretCreateDate: held.Created,
			})
		}
		return nil
	})
	return out, err
}

// deleteUserPoolClientSecret implements DeleteUserPoolClientSecret. The last secret
// stays: a client does not become a public one.
func (s *Service) deleteUserPoolClientSecret(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolClientSecretRequest) (*cognitoidp.DeleteUserPoolClientSecretResponse, error) {
	_, err := s.changeClient(ctx, c, in.UserPoolId, in.ClientId, func(_ store.Tx, r *clientRecord) error {
		list := r.secrets()
		i := slices.IndexFunc(list, func(held clientSecret) bool { return held.ID == in.ClientSecretId })
		switch {
		case i < 0:
			return cognitoidp.ResourceNotFoundException.Newf("Client secret %s does not exist.", in.ClientSecretId)
		case len(list) == 1:
			return invalid("The last client secret of a user pool client cannot be deleted.")
		}
		r.setSecrets(slices.Delete(slices.Clone(list), i, i+1))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolClientSecretResponse{}, nil
}
