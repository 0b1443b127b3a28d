package userpool

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// providerRecord is an identity provider at rest. The pool owns it, and its id is
// its name.
type providerRecord struct {
	Settings cognitoidp.IdentityProviderType // without what is secret
	// Secrets are the secret ones of the provider's details, sealed.
	Secrets map[string][]byte `json:",omitzero"`
}

// providerIdentifier leads from a further name of an identity provider to it. The
// pool owns it, and its id is the name, so that a pool has each only once.
type providerIdentifier struct{ Provider string }

var (
	providers           = store.NewCollection[providerRecord]("user_pool_provider")
	providerIdentifiers = store.NewCollection[providerIdentifier]("user_pool_provider_identifier")
)

// createIdentityProvider implements CreateIdentityProvider.
func (s *Service) createIdentityProvider(ctx context.Context, c *wire.Call, in *cognitoidp.CreateIdentityProviderRequest) (*cognitoidp.CreateIdentityProviderResponse, error) {
	now := c.Time.Truncate(time.Millisecond)
	wanted := cognitoidp.IdentityProviderType{
		UserPoolId: in.UserPoolId, ProviderName: in.ProviderName, ProviderType: in.ProviderType,
		ProviderDetails: in.ProviderDetails, AttributeMapping: in.AttributeMapping, IdpIdentifiers: in.IdpIdentifiers,
		CreationDate: now, LastModifiedDate: now,
	}
	var record *providerRecord
	err := s.update(ctx, func(tx store.Tx) error {
		pool, err := s.poolRecord(tx, c, in.UserPoolId)
		if err != nil {
			return err
		}
		if record, err = s.newProviderRecord(pool, wanted); err != nil {
			return err
		}
		if err := checkRoom(tx, providers, in.UserPoolId, maxIdentityProviders, "identity providers"); err != nil {
			return err
		}
		err = providers.Insert(tx, in.UserPoolId, in.ProviderName, record)
		if errors.Is(err, store.ErrExists) {
			return cognitoidp.DuplicateProviderException.Newf("%s already exists in user pool %s.", in.ProviderName, in.UserPoolId)
		}
		if err != nil {
			return err
		}
		return moveIdentifiers(tx, &record.Settings, nil)
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.describedProvider(record)
	return &cognitoidp.CreateIdentityProviderResponse{IdentityProvider: shown}, err
}

// newProviderRecord checks and completes a provider's settings and seals what is
// secret in them.
func (s *Service) newProviderRecord(pool *poolRecord, settings cognitoidp.IdentityProviderType) (*providerRecord, error) {
	kind, err := kindOfProvider(&settings)
	if err != nil {
		return nil, err
	}
	if settings.ProviderDetails, err = kind.complete(settings.ProviderDetails); err != nil {
		return nil, err
	}
	if settings.AttributeMapping, err = kind.mapping(pool, settings.AttributeMapping); err != nil {
		return nil, err
	}
	r := &providerRecord{Settings: settings, Secrets: make(map[string][]byte)}
	for _, name := range secretDetails {
		if secret := settings.ProviderDetails[name]; secret != "" {
			r.Secrets[name] = s.idpSecrets.Seal([]byte(secret), settings.UserPoolId, settings.ProviderName, name)
		}
		delete(settings.ProviderDetails, name)
	}
	return r, nil
}

// providerSecret returns a secret detail of a provider, "" if it has none.
func (s *Service) providerSecret(r *providerRecord, name string) (string, error) {
	sealed, ok := r.Secrets[name]
	if !ok {
		return "", nil
	}
	secret, err := s.idpSecrets.Open(sealed, r.Settings.UserPoolId, r.Settings.ProviderName, name)
	return string(secret), err
}

// describedProvider returns a provider as DescribeIdentityProvider shows it: with
// its client secret, and without its private key.
func (s *Service) describedProvider(r *providerRecord) (*cognitoidp.IdentityProviderType, error) {
	secret, err := s.providerSecret(r, detailClientSecret)
	if err != nil {
		return nil, err
	}
	shown := r.Settings
	if secret != "" {
		shown.ProviderDetails = maps.Clone(shown.ProviderDetails)
		shown.ProviderDetails[detailClientSecret] = secret
	}
	return &shown, nil
}

// moveIdentifiers replaces the identifiers that a provider had before.
func moveIdentifiers(tx store.Tx, p *cognitoidp.IdentityProviderType, before []string) error {
	for _, identifier := range before {
		if !slices.Contains(p.IdpIdentifiers, identifier) {
			if err := providerIdentifiers.Delete(tx, p.UserPoolId, identifier); err != nil {
				return err
			}
		}
	}
	for i, identifier := range p.IdpIdentifiers {
		if slices.Contains(before, identifier) && !slices.Contains(p.IdpIdentifiers[:i], identifier) {
			continue
		}
		err := providerIdentifiers.Insert(tx, p.UserPoolId, identifier, &providerIdentifier{Provider: p.ProviderName})
		if errors.Is(err, store.ErrExists) {
			return invalid("The identifier %s is in use already.", identifier)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// provider reads a provider of a pool of the call's region inside a transaction,
// and the pool.
func (s *Service) provider(tx store.Tx, c *wire.Call, poolID, name string) (*providerRecord, *poolRecord, error) {
	pool, err := s.poolRecord(tx, c, poolID)
	if err != nil {
		return nil, nil, err
	}
	record, err := providers.Get(tx, poolID, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil, errNoProvider(name)
	}
	return record, pool, err
}

func errNoProvider(name string) error {
	return cognitoidp.ResourceNotFoundException.Newf("Identity provider %s does not exist.", name)
}

// describeIdentityProvider implements DescribeIdentityProvider.
func (s *Service) describeIdentityProvider(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeIdentityProviderRequest) (*cognitoidp.DescribeIdentityProviderResponse, error) {
	var record *providerRecord
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		record, _, err = s.provider(tx, c, in.UserPoolId, in.ProviderName)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.describedProvider(record)
	return &cognitoidp.DescribeIdentityProviderResponse{IdentityProvider: shown}, err
}

// getIdentityProviderByIdentifier implements GetIdentityProviderByIdentifier.
func (s *Service) getIdentityProviderByIdentifier(ctx context.Context, c *wire.Call, in *cognitoidp.GetIdentityProviderByIdentifierRequest) (*cognitoidp.GetIdentityProviderByIdentifierResponse, error) {
	var record *providerRecord
	err := s.db.View(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		known, err := providerIdentifiers.Get(tx, in.UserPoolId, in.IdpIdentifier)
		if errors.Is(err, store.ErrNotFound) {
			return errNoProvider(in.IdpIdentifier)
		}
		if err != nil {
			return err
		}
		record, err = providers.Get(tx, in.UserPoolId, known.Provider)
		return err
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.describedProvider(record)
	return &cognitoidp.GetIdentityProviderByIdentifierResponse{IdentityProvider: shown}, err
}

// updateIdentityProvider implements UpdateIdentityProvider. Each member that is
// given replaces the one that was; a private key, which nobody can read to send it
// again, stays until there is a new one.
func (s *Service) updateIdentityProvider(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateIdentityProviderRequest) (*cognitoidp.UpdateIdentityProviderResponse, error) {
	var record *providerRecord
	err := s.update(ctx, func(tx store.Tx) error {
		old, pool, err := s.provider(tx, c, in.UserPoolId, in.ProviderName)
		if err != nil {
			return err
		}
		wanted, err := s.replacedProvider(old, in)
		if err != nil {
			return err
		}
		wanted.LastModifiedDate = c.Time.Truncate(time.Millisecond)
		if record, err = s.newProviderRecord(pool, wanted); err != nil {
			return err
		}
		if err := providers.Put(tx, in.UserPoolId, in.ProviderName, record); err != nil {
			return err
		}
		return moveIdentifiers(tx, &record.Settings, old.Settings.IdpIdentifiers)
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.describedProvider(record)
	return &cognitoidp.UpdateIdentityProviderResponse{IdentityProvider: shown}, err
}

// replacedProvider returns the settings that a provider has after an update, with
// its secrets in clear.
func (s *Service) replacedProvider(old *providerRecord, in *cognitoidp.UpdateIdentityProviderRequest) (cognitoidp.IdentityProviderType, error) {
	wanted := old.Settings
	kept := []string{detailPrivateKey}
	if in.ProviderDetails == nil {
		kept = secretDetails
	} else {
		wanted.ProviderDetails = in.ProviderDetails
	}
	wanted.ProviderDetails = maps.Clone(wanted.ProviderDetails)
	for _, name := range kept {
		secret, err := s.providerSecret(old, name)
		if err != nil {
			return wanted, err
		}
		if secret != "" && wanted.ProviderDetails[name] == "" {
			wanted.ProviderDetails[name] = secret
		}
	}
	if in.AttributeMapping != nil {
		wanted.AttributeMapping = in.AttributeMapping
	}
	if in.IdpIdentifiers != nil {
		wanted.IdpIdentifiers = in.IdpIdentifiers
	}
	return wanted, nil
}

// deleteIdentityProvider implements DeleteIdentityProvider. App clients keep its name.
func (s *Service) deleteIdentityProvider(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteIdentityProviderRequest) (*model.Empty, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		record, _, err := s.provider(tx, c, in.UserPoolId, in.ProviderName)
		if err != nil {
			return err
		}
		for _, identifier := range record.Settings.IdpIdentifiers {
			if err := providerIdentifiers.Delete(tx, in.UserPoolId, identifier); err != nil {
				return err
			}
		}
		return providers.Delete(tx, in.UserPoolId, in.ProviderName)
	})
}

// listIdentityProviders implements ListIdentityProviders.
func (s *Service) listIdentityProviders(ctx context.Context, c *wire.Call, in *cognitoidp.ListIdentityProvidersRequest) (out *cognitoidp.ListIdentityProvidersResponse, err error) {
	out = &cognitoidp.ListIdentityProvidersResponse{Providers: []cognitoidp.ProviderDescription{}}
	out.NextToken, err = listPage(ctx, s, c, providers, in.UserPoolId, in.NextToken, pageSize(in.MaxResults), func(r *providerRecord) {
		out.Providers = append(out.Providers, cognitoidp.ProviderDescription{
			ProviderName: r.Settings.ProviderName, ProviderType: r.Settings.ProviderType,
			CreationDate: r.Settings.CreationDate, LastModifiedDate: r.Settings.LastModifiedDate,
		})
	})
	return out, err
}
