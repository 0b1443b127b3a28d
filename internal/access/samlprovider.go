package access

import (
	"context"
	"errors"
	"strings"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/idp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// samlProvider is a SAML identity provider at rest, whose assertions roles can trust. Its
// id in the directory is its name in lower case.
type samlProvider struct {
	Name       string
	UUID       string
	Metadata   string // the document
	Created    time.Time
	ValidUntil time.Time
	Tags       []iam.Tag
}

var samlProviders = store.NewCollection[samlProvider]("iam_saml_provider")

const samlPrefix = "saml-provider/"

// withoutEnd is how long metadata counts as valid that does not say.
const withoutEnd = 100 * 365 * 24 * time.Hour

func (p *samlProvider) key() string { return strings.ToLower(p.Name) }

// setMetadata takes a metadata document.
func (p *samlProvider) setMetadata(document string, now time.Time) error {
	m, err := idp.ParseSAMLMetadata([]byte(document))
	if refused, ok := errors.AsType[*idp.Error](err); ok {
		return iam.InvalidInputException.Newf("Could not parse metadata: %s.", refused.Detail)
	}
	if err != nil {
		return err
	}
	p.Metadata, p.ValidUntil = document, m.ValidUntil
	if p.ValidUntil.IsZero() {
		p.ValidUntil = now.Add(withoutEnd).Truncate(time.Second)
	}
	return nil
}

// checkEncryption refuses private keys: encrypted assertions are not read.
func checkEncryption(mode iam.AssertionEncryptionModeType, key string) error {
	if mode != "" || key != "" {
		return iam.InvalidInputException.New("Encrypted assertions are not supported by this server.")
	}
	return nil
}

// createSAMLProvider implements CreateSAMLProvider.
func (s *Service) createSAMLProvider(ctx context.Context, c *wire.Call, in *iam.CreateSAMLProviderRequest) (*iam.CreateSAMLProviderResponse, error) {
	tags, err := newTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p := &samlProvider{Name: in.Name, UUID: ids.UUID(), Created: c.Time.Truncate(time.Second), Tags: tags}
	if err := errors.Join(checkEncryption(in.AssertionEncryptionMode, in.AddPrivateKey), p.setMetadata(in.SAMLMetadataDocument, c.Time)); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		count, err := samlProviders.Count(tx, s.account.String())
		if err != nil {
			return err
		}
		if count >= maxProviders {
			return iam.LimitExceededException.Newf("Cannot exceed quota for SAMLProvidersPerAccount: %d", maxProviders)
		}
		return samlProviders.Insert(tx, s.account.String(), p.key(), p)
	})
	if errors.Is(err, store.ErrExists) {
		return nil, iam.EntityAlreadyExistsException.Newf("Provider with name %s already exists.", in.Name)
	}
	return &iam.CreateSAMLProviderResponse{SAMLProviderArn: s.arn(samlPrefix + in.Name), Tags: tags}, err
}

// samlProvider returns the provider of an ARN, or IAM's error.
func (s *Service) samlProvider(tx store.Tx, arn string) (*samlProvider, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	name, ok := strings.CutPrefix(arn, s.arn(samlPrefix))
	absent := iam.NoSuchEntityException.Newf("Manifest not found for arn %s", arn)
	if !ok || name == "" {
		return nil, absent
	}
	p, err := samlProviders.Get(tx, s.account.String(), strings.ToLower(name))
	if errors.Is(err, store.ErrNotFound) || err == nil && p.Name != name {
		return nil, absent
	}
	return p, err
}

// changeSAMLProvider applies a change to the provider of an ARN.
func (s *Service) changeSAMLProvider(ctx context.Context, arn string, apply func(*samlProvider) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.samlProvider(tx, arn)
		if err != nil {
			return err
		}
		if err := apply(p); err != nil {
			return err
		}
		return samlProviders.Put(tx, s.account.String(), p.key(), p)
	})
}

// updateSAMLProvider implements UpdateSAMLProvider: a new metadata document.
func (s *Service) updateSAMLProvider(ctx context.Context, c *wire.Call, in *iam.UpdateSAMLProviderRequest) (*iam.UpdateSAMLProviderResponse, error) {
	if err := checkEncryption(in.AssertionEncryptionMode, in.AddPrivateKey+in.RemovePrivateKey); err != nil {
		return nil, err
	}
	err := s.changeSAMLProvider(ctx, in.SAMLProviderArn, func(p *samlProvider) error {
		if in.SAMLMetadataDocument == "" {
			return nil
		}
		return p.setMetadata(in.SAMLMetadataDocument, c.Time)
	})
	return &iam.UpdateSAMLProviderResponse{SAMLProviderArn: in.SAMLProviderArn}, err
}

// getSAMLProvider implements GetSAMLProvider.
func (s *Service) getSAMLProvider(ctx context.Context, _ *wire.Call, in *iam.GetSAMLProviderRequest) (*iam.GetSAMLProviderResponse, error) {
	out := new(iam.GetSAMLProviderResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		p, err := s.samlProvider(tx, in.SAMLProviderArn)
		if err != nil {
			return err
		}
		*out = iam.GetSAMLProviderResponse{
			SAMLMetadataDocument: p.Metadata, CreateDate: p.Created, ValidUntil: p.ValidUntil, Tags: p.Tags, SAMLProviderUUID: p.UUID,
		}
		return nil
	})
	return out, err
}

// listSAMLProviders implements ListSAMLProviders, which has no pages.
func (s *Service) listSAMLProviders(ctx context.Context, _ *wire.Call, _ *iam.ListSAMLProvidersRequest) (*iam.ListSAMLProvidersResponse, error) {
	out := new(iam.ListSAMLProvidersResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		out.SAMLProviderList = []iam.SAMLProviderListEntry{}
		for p, err := range samlProviders.All(tx, s.account.String(), store.Query{}) {
			if err != nil {
				return err
			}
			out.SAMLProviderList = append(out.SAMLProviderList, iam.SAMLProviderListEntry{Arn: s.arn(samlPrefix + p.Name), ValidUntil: p.ValidUntil, CreateDate: p.Created})
		}
		return nil
	})
	return out, err
}

// deleteSAMLProvider implements DeleteSAMLProvider. Roles that trust it stay, and trust
// nobody.
func (s *Service) deleteSAMLProvider(ctx context.Context, _ *wire.Call, in *iam.DeleteSAMLProviderRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		p, err := s.samlProvider(tx, in.SAMLProviderArn)
		if err != nil {
			return err
		}
		return samlProviders.Delete(tx, s.account.String(), p.key())
	})
}

// tagSAMLProvider implements TagSAMLProvider.
func (s *Service) tagSAMLProvider(ctx context.Context, _ *wire.Call, in *iam.TagSAMLProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeSAMLProvider(ctx, in.SAMLProviderArn, func(p *samlProvider) (err error) {
		p.Tags, err = newTags(p.Tags, in.Tags)
		return err
	})
}

// untagSAMLProvider implements UntagSAMLProvider.
func (s *Service) untagSAMLProvider(ctx context.Context, _ *wire.Call, in *iam.UntagSAMLProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeSAMLProvider(ctx, in.SAMLProviderArn, func(p *samlProvider) error {
		p.Tags = withoutTags(p.Tags, in.TagKeys)
		return nil
	})
}

// listSAMLProviderTags implements ListSAMLProviderTags.
func (s *Service) listSAMLProviderTags(ctx context.Context, _ *wire.Call, in *iam.ListSAMLProviderTagsRequest) (out *iam.ListSAMLProviderTagsResponse, err error) {
	out = new(iam.ListSAMLProviderTagsResponse)
	err = s.db.View(ctx, func(tx store.Tx) error {
		p, err := s.samlProvider(tx, in.SAMLProviderArn)
		if err != nil {
			return err
		}
		out.Tags, out.IsTruncated, out.Marker, err = s.listTags(p.Tags, p.UUID, in.Marker, in.MaxItems)
		return err
	})
	return out, err
}

// SAMLProvider returns the metadata of the SAML provider with an ARN, nil if the account
// has none.
func (s *Service) SAMLProvider(ctx context.Context, arn string) (*idp.SAMLMetadata, error) {
	var p *samlProvider
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.samlProvider(tx, arn)
		return err
	})
	if errors.Is(err, iam.NoSuchEntityException.New("")) || errors.Is(err, wire.ValidationError.New("")) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return idp.ParseSAMLMetadata([]byte(p.Metadata))
}
