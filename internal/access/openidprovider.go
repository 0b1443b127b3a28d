package access

import (
	"context"
	"errors"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// openIDProvider is an OpenID Connect provider at rest, whose tokens roles can trust. Its
// id in the directory is its URL without the scheme, as trust policies name it.
type openIDProvider struct {
	URL         string // without its scheme
	Scheme      string `json:",omitzero"` // "" in data of before it was kept
	ClientIDs   []string
	Thumbprints []string
	Created     time.Time
	Tags        []iam.Tag
}

var openIDProviders = store.NewCollection[openIDProvider]("iam_openid_provider")

// Quotas of IAM (IAM and AWS STS quotas).
const (
	maxProviders   = 100
	maxClientIDs   = 100
	maxThumbprints = 5
)

const openIDPrefix = "oidc-provider/"

var thumbprint = regexp.MustCompile(`^[0-9A-Fa-f]{40}$`)

// issuer is how the provider's tokens spell it, without a slash at its end.
func (p *openIDProvider) issuer() string {
	if p.Scheme != "" {
		return p.Scheme + "://" + p.URL
	}
	if u, err := url.Parse("http://" + p.URL); err == nil && onThisMachine(u) {
		return "http://" + p.URL
	}
	return "https://" + p.URL
}

// providerURL checks the URL of a provider and returns it in two parts, around "://".
func providerURL(text string) (scheme, where string, err error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && !onThisMachine(u):
		return "", "", iam.InvalidInputException.New("Invalid Open ID Connect Provider URL: it must begin with https://.")
	case u.Port() != "" && !onThisMachine(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return "", "", iam.InvalidInputException.New("Invalid Open ID Connect Provider URL: it must have no port, query or user.")
	}
	return u.Scheme, strings.TrimSuffix(strings.ToLower(u.Host)+u.Path, "/"), nil
}

// onThisMachine tells of an issuer that is here, for tests and development. It may speak
// plain http, and on any port.
func onThisMachine(u *url.URL) bool {
	host := u.Hostname()
	return u.Scheme == "http" && (host == "localhost" || net.ParseIP(host).IsLoopback())
}

// TrustedIssuer is an OpenID Connect provider whose tokens the account trusts.
type TrustedIssuer struct {
	Issuer    string // without a slash at its end
	ClientIDs []string
}

// OpenIDProvider returns the provider of an ARN, nil if the account has none.
func (s *Service) OpenIDProvider(ctx context.Context, arn string) (*TrustedIssuer, error) {
	var p *openIDProvider
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.openIDProvider(tx, arn)
		return err
	})
	if errors.Is(err, iam.NoSuchEntityException.New("")) || errors.Is(err, wire.ValidationError.New("")) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &TrustedIssuer{Issuer: p.issuer(), ClientIDs: p.ClientIDs}, nil
}

// checkThumbprints refuses lists that no provider can have.
func checkThumbprints(list []string) error {
	if len(list) > maxThumbprints {
		return iam.InvalidInputException.Newf("Thumbprint list must contain at most %d entries.", maxThumbprints)
	}
	for _, t := range list {
		if !thumbprint.MatchString(t) {
			return iam.InvalidInputException.New("A thumbprint has to be 40 hexadecimal digits.")
		}
	}
	return nil
}

func checkClientIDs(list []string) error {
	if len(list) > maxClientIDs {
		return iam.LimitExceededException.Newf("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)
	}
	return nil
}

// createOpenIDConnectProvider implements CreateOpenIDConnectProvider. Nothing is asked of
// the provider yet: its certificate is checked by the system's authorities.
func (s *Service) createOpenIDConnectProvider(ctx context.Context, c *wire.Call, in *iam.CreateOpenIDConnectProviderRequest) (*iam.CreateOpenIDConnectProviderResponse, error) {
	scheme, where, err := providerURL(in.Url)
	if err != nil {
		return nil, err
	}
	tags, err := newTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(checkThumbprints(in.ThumbprintList), checkClientIDs(in.ClientIDList)); err != nil {
		return nil, err
	}
	p := &openIDProvider{URL: where, Scheme: scheme, ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList, Created: c.Time.Truncate(time.Second), Tags: tags}
	err = s.update(ctx, func(tx store.Tx) error {
		count, err := openIDProviders.Count(tx, s.account.String())
		if err != nil {
			return err
		}
		if count >= maxProviders {
			return iam.LimitExceededException.Newf("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)
		}
		return openIDProviders.Insert(tx, s.account.String(), where, p)
	})
	if errors.Is(err, store.ErrExists) {
		return nil, iam.EntityAlreadyExistsException.Newf("Provider with url %s already exists.", in.Url)
	}
	return &iam.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: s.arn(openIDPrefix + where), Tags: tags}, err
}

// newProvider is the resource of a provider that is to be: its ARN has no scheme, and one
// spelling, lest another one of the same issuer gets past a policy that denies it.
func (s *Service) newProvider() wire.Option {
	return wire.Resources(func(_ context.Context, _ *wire.Call, in *iam.CreateOpenIDConnectProviderRequest) ([]string, error) {
		_, where, err := providerURL(in.Url)
		if err != nil { // refused once the caller is known to be allowed to ask
			_, where, _ = strings.Cut(in.Url, "://")
		}
		return []string{s.arn(openIDPrefix + where)}, nil
	})
}

// openIDProvider returns the provider of an ARN, or IAM's error.
func (s *Service) openIDProvider(tx store.Tx, arn string) (*openIDProvider, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	where, ok := strings.CutPrefix(arn, s.arn(openIDPrefix))
	absent := iam.NoSuchEntityException.Newf("OpenIDConnect Provider not found for arn %s", arn)
	if !ok || where == "" {
		return nil, absent
	}
	p, err := openIDProviders.Get(tx, s.account.String(), where)
	if errors.Is(err, store.ErrNotFound) {
		return nil, absent
	}
	return p, err
}

// changeOpenIDProvider applies a change to the provider of an ARN.
func (s *Service) changeOpenIDProvider(ctx context.Context, arn string, apply func(*openIDProvider) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		p, err := s.openIDProvider(tx, arn)
		if err != nil {
			return err
		}
		if err := apply(p); err != nil {
			return err
		}
		return openIDProviders.Put(tx, s.account.String(), p.URL, p)
	})
}

// getOpenIDConnectProvider implements GetOpenIDConnectProvider.
func (s *Service) getOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.GetOpenIDConnectProviderRequest) (*iam.GetOpenIDConnectProviderResponse, error) {
	out := new(iam.GetOpenIDConnectProviderResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		p, err := s.openIDProvider(tx, in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		*out = iam.GetOpenIDConnectProviderResponse{
			Url: p.URL, ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints, CreateDate: p.Created, Tags: p.Tags,
		}
		return nil
	})
	return out, err
}

// listOpenIDConnectProviders implements ListOpenIDConnectProviders, which has no pages.
func (s *Service) listOpenIDConnectProviders(ctx context.Context, _ *wire.Call, _ *iam.ListOpenIDConnectProvidersRequest) (*iam.ListOpenIDConnectProvidersResponse, error) {
	out := &iam.ListOpenIDConnectProvidersResponse{OpenIDConnectProviderList: []iam.OpenIDConnectProviderListEntry{}}
	err := s.db.View(ctx, func(tx store.Tx) error {
		out.OpenIDConnectProviderList = out.OpenIDConnectProviderList[:0]
		for p, err := range openIDProviders.All(tx, s.account.String(), store.Query{}) {
			if err != nil {
				return err
			}
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, iam.OpenIDConnectProviderListEntry{Arn: s.arn(openIDPrefix + p.URL)})
		}
		return nil
	})
	return out, err
}

// deleteOpenIDConnectProvider implements DeleteOpenIDConnectProvider, which is content with
// a provider that is gone already.
func (s *Service) deleteOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.DeleteOpenIDConnectProviderRequest) (*emptyAnswer, error) {
	if err := checkPolicyARN(in.OpenIDConnectProviderArn); err != nil {
		return nil, err
	}
	return nil, s.update(ctx, func(tx store.Tx) error {
		err := openIDProviders.Delete(tx, s.account.String(), strings.TrimPrefix(in.OpenIDConnectProviderArn, s.arn(openIDPrefix)))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

// addClientIDToOpenIDConnectProvider implements AddClientIDToOpenIDConnectProvider. One that
// is there already stays.
func (s *Service) addClientIDToOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.AddClientIDToOpenIDConnectProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeOpenIDProvider(ctx, in.OpenIDConnectProviderArn, func(p *openIDProvider) error {
		if slices.Contains(p.ClientIDs, in.ClientID) {
			return nil
		}
		p.ClientIDs = append(p.ClientIDs, in.ClientID)
		return checkClientIDs(p.ClientIDs)
	})
}

// removeClientIDFromOpenIDConnectProvider implements RemoveClientIDFromOpenIDConnectProvider,
// which is content with one that is not there.
func (s *Service) removeClientIDFromOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.RemoveClientIDFromOpenIDConnectProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeOpenIDProvider(ctx, in.OpenIDConnectProviderArn, func(p *openIDProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
		return nil
	})
}

// updateOpenIDConnectProviderThumbprint implements UpdateOpenIDConnectProviderThumbprint,
// which replaces the list.
func (s *Service) updateOpenIDConnectProviderThumbprint(ctx context.Context, _ *wire.Call, in *iam.UpdateOpenIDConnectProviderThumbprintRequest) (*emptyAnswer, error) {
	return nil, s.changeOpenIDProvider(ctx, in.OpenIDConnectProviderArn, func(p *openIDProvider) error {
		p.Thumbprints = in.ThumbprintList
		return checkThumbprints(p.Thumbprints)
	})
}

// tagOpenIDConnectProvider implements TagOpenIDConnectProvider.
func (s *Service) tagOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.TagOpenIDConnectProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeOpenIDProvider(ctx, in.OpenIDConnectProviderArn, func(p *openIDProvider) (err error) {
		p.Tags, err = newTags(p.Tags, in.Tags)
		return err
	})
}

// untagOpenIDConnectProvider implements UntagOpenIDConnectProvider.
func (s *Service) untagOpenIDConnectProvider(ctx context.Context, _ *wire.Call, in *iam.UntagOpenIDConnectProviderRequest) (*emptyAnswer, error) {
	return nil, s.changeOpenIDProvider(ctx, in.OpenIDConnectProviderArn, func(p *openIDProvider) error {
		p.Tags = withoutTags(p.Tags, in.TagKeys)
		return nil
	})
}

// listOpenIDConnectProviderTags implements ListOpenIDConnectProviderTags.
func (s *Service) listOpenIDConnectProviderTags(ctx context.Context, _ *wire.Call, in *iam.ListOpenIDConnectProviderTagsRequest) (out *iam.ListOpenIDConnectProviderTagsResponse, err error) {
	out = new(iam.ListOpenIDConnectProviderTagsResponse)
	err = s.db.View(ctx, func(tx store.Tx) error {
		p, err := s.openIDProvider(tx, in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		out.Tags, out.IsTruncated, out.Marker, err = s.listTags(p.Tags, p.URL, in.Marker, in.MaxItems)
		return err
	})
	return out, err
}
