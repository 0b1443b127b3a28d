package userpool

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// domains are kept as they are described. Since a domain leads to a pool, they are
// the server's own look-ups, and their ids are the domains themselves, so that no two
// pools have the same.
var domains = store.NewCollection[cognitoidp.DomainDescriptionType]("user_pool_domain")

// Versions of the pages behind a domain.
const (
	classicUI    = 1
	managedLogin = 2
)

// createUserPoolDomain implements CreateUserPoolDomain. A pool can have a prefix and
// a custom domain.
func (s *Service) createUserPoolDomain(ctx context.Context, c *wire.Call, in *cognitoidp.CreateUserPoolDomainRequest) (*cognitoidp.CreateUserPoolDomainResponse, error) {
	domain := &cognitoidp.DomainDescriptionType{
		UserPoolId: in.UserPoolId, AWSAccountId: c.Account, Domain: in.Domain, Status: cognitoidp.DomainStatusTypeActive,
		CloudFrontDistribution: s.host(), Version: c.Time.UTC().Format("20060102150405"),
		CustomDomainConfig: orEmpty(in.CustomDomainConfig), ManagedLoginVersion: orNumber(in.ManagedLoginVersion, classicUI), Routing: in.Routing,
	}
	if err := checkDomainName(domain); err != nil {
		return nil, err
	}
	_, err := s.changePool(ctx, c, in.UserPoolId, func(tx store.Tx, r *poolRecord) error {
		if err := checkDomain(r, domain); err != nil {
			return err
		}
		place := r.placeOf(domain)
		if *place != "" {
			return invalid("User pool already has a domain configured.")
		}
		*place = domain.Domain
		err := domains.Insert(tx, homeOwner, domain.Domain, domain)
		if errors.Is(err, store.ErrExists) {
			return invalid("Domain already associated with another user pool.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateUserPoolDomainResponse{
		CloudFrontDomain: target(domain), ManagedLoginVersion: domain.ManagedLoginVersion, Routing: domain.Routing,
	}, nil
}

// host is the name under which clients reach this server. On AWS a custom domain is
// an alias of a name at CloudFront; here it is one of this name.
func (s *Service) host() string {
	u, err := url.Parse(s.baseURL())
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// isCustom tells whether a domain is the owner's own and not a prefix.
func isCustom(d *cognitoidp.DomainDescriptionType) bool {
	return d.CustomDomainConfig.CertificateArn != ""
}

// target is what the DNS has to say of a custom domain.
func target(d *cognitoidp.DomainDescriptionType) string {
	if isCustom(d) {
		return d.CloudFrontDistribution
	}
	return ""
}

// placeOf returns the member of the pool's settings that holds a domain of this kind.
func (r *poolRecord) placeOf(d *cognitoidp.DomainDescriptionType) *string {
	if isCustom(d) {
		return &r.Settings.CustomDomain
	}
	return &r.Settings.Domain
}

func (r *poolRecord) hasDomain() bool {
	return r.Settings.Domain != "" || r.Settings.CustomDomain != ""
}

const prefixForm = `^[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?$`

var prefixPattern = regexp.MustCompile(prefixForm)

// checkDomainName refuses names that cannot be a domain of their kind.
func checkDomainName(d *cognitoidp.DomainDescriptionType) error {
	if isCustom(d) {
		if !domainName.MatchString(d.Domain) {
			return invalid("Custom domain is not a valid subdomain.")
		}
		return nil
	}
	if !prefixPattern.MatchString(d.Domain) {
		return invalid("The domain name contains an invalid character. Domain names can only contain lower-case letters, numbers, "+
			"and hyphens. Please enter a different name that follows this format: %s", prefixForm)
	}
	if word := reservedWord(d.Domain); word != "" {
		return invalid("Domain cannot contain reserved word: %s", word)
	}
	return nil
}

// reservedWord returns the word for which AWS refuses a prefix. The shortest one is
// refused between hyphens only: it is a part of too many others.
func reservedWord(prefix string) string {
	switch {
	case strings.Contains("-"+prefix+"-", "-aws-"):
		return "aws"
	case strings.Contains(prefix, "amazon"):
		return "amazon"
	case strings.Contains(prefix, "cognito"):
		return "cognito"
	}
	return ""
}

// checkDomain holds a domain's settings against each other and the pool's plan.
func checkDomain(r *poolRecord, d *cognitoidp.DomainDescriptionType) error {
	switch version := *d.ManagedLoginVersion; {
	case version != classicUI && version != managedLogin:
		return invalid("ManagedLoginVersion must be %d or %d.", classicUI, managedLogin)
	case version == managedLogin && r.Settings.UserPoolTier == cognitoidp.UserPoolTierTypeLite:
		return errTier(r.Settings.UserPoolTier, "Managed Login")
	case d.Routing != nil && !isCustom(d):
		return invalid("Routing is supported for custom domains only.")
	}
	return nil
}

// checkDomains holds the domains of a pool against a plan that it is about to have.
func (r *poolRecord) checkDomains(tx store.Tx) error {
	for _, name := range []string{r.Settings.Domain, r.Settings.CustomDomain} {
		if name == "" {
			continue
		}
		found, err := domains.Get(tx, homeOwner, name)
		if err != nil {
			return err
		}
		if err := checkDomain(r, found); err != nil {
			return err
		}
	}
	return nil
}

// describeUserPoolDomain implements DescribeUserPoolDomain. Of a domain that does not
// exist it says nothing, and does not refuse.
func (s *Service) describeUserPoolDomain(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeUserPoolDomainRequest) (*cognitoidp.DescribeUserPoolDomainResponse, error) {
	out := &cognitoidp.DescribeUserPoolDomainResponse{DomainDescription: new(cognitoidp.DomainDescriptionType)}
	err := s.db.View(ctx, func(tx store.Tx) error {
		found, err := domains.Get(tx, homeOwner, in.Domain)
		if err == nil && strings.HasPrefix(found.UserPoolId, c.Region+"_") {
			out.DomainDescription = found
		}
		return unlessAbsent(err)
	})
	return out, err
}

// changeDomain lets change work on a pool's domain inside a transaction.
func (s *Service) changeDomain(ctx context.Context, c *wire.Call, poolID, name string, change func(store.Tx, *poolRecord, *cognitoidp.DomainDescriptionType) error) error {
	_, err := s.changePool(ctx, c, poolID, func(tx store.Tx, r *poolRecord) error {
		found, err := domains.Get(tx, homeOwner, name)
		if errors.Is(err, store.ErrNotFound) || err == nil && found.UserPoolId != poolID {
			return invalid("No such domain or user pool exists.")
		}
		if err != nil {
			return err
		}
		return change(tx, r, found)
	})
	return err
}

// updateUserPoolDomain implements UpdateUserPoolDomain: what the request does not
// name stays.
func (s *Service) updateUserPoolDomain(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserPoolDomainRequest) (*cognitoidp.UpdateUserPoolDomainResponse, error) {
	out := new(cognitoidp.UpdateUserPoolDomainResponse)
	err := s.changeDomain(ctx, c, in.UserPoolId, in.Domain, func(tx store.Tx, r *poolRecord, d *cognitoidp.DomainDescriptionType) error {
		if in.CustomDomainConfig != nil {
			if !isCustom(d) {
				return invalid("User pool should have a custom domain associated, failed to update the certificate.")
			}
			d.CustomDomainConfig = in.CustomDomainConfig
		}
		d.ManagedLoginVersion = orNumber(in.ManagedLoginVersion, *d.ManagedLoginVersion)
		if in.Routing != nil {
			d.Routing = in.Routing
		}
		if err := checkDomain(r, d); err != nil {
			return err
		}
		out.CloudFrontDomain, out.ManagedLoginVersion, out.Routing = target(d), d.ManagedLoginVersion, d.Routing
		return domains.Put(tx, homeOwner, d.Domain, d)
	})
	return out, err
}

// deleteUserPoolDomain implements DeleteUserPoolDomain.
func (s *Service) deleteUserPoolDomain(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteUserPoolDomainRequest) (*cognitoidp.DeleteUserPoolDomainResponse, error) {
	err := s.changeDomain(ctx, c, in.UserPoolId, in.Domain, func(tx store.Tx, r *poolRecord, d *cognitoidp.DomainDescriptionType) error {
		*r.placeOf(d) = ""
		return domains.Delete(tx, homeOwner, d.Domain)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteUserPoolDomainResponse{}, nil
}
