package userpool

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// link is that somebody whom an identity provider knows signs in as a user of the
// pool. The pool owns it, and its id follows from what the provider says of them, so
// that a sign-in finds it and each is linked only once.
type link struct {
	Provider string
	// Attribute is what to compare: subjectAttribute, or the attribute of the pool to
	// which the provider's claim is mapped.
	Attribute string
	Value     string
	User      string // id of the user's document
	Sub       string
}

var links = store.NewCollection("user_pool_link", store.Index("sub", func(l *link) string { return l.Sub }))

// subjectAttribute stands for the claim by which a provider tells its users apart.
const subjectAttribute = "Cognito_Subject"

const (
	maxLinks       = 5 // of a user (Cognito API reference, AdminLinkProviderForUser)
	maxLinkedValue = 1024
)

func linkID(provider, attribute, value string) string {
	sum := sha256.Sum256([]byte(attribute + "\x00" + value))
	return provider + ":" + hex.EncodeToString(sum[:])
}

// federatedName is the username of somebody who signed in through a provider.
func federatedName(provider, subject string) string { return provider + "_" + subject }

// adminLinkProviderForUser implements AdminLinkProviderForUser.
func (s *Service) adminLinkProviderForUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminLinkProviderForUserRequest) (*cognitoidp.AdminLinkProviderForUserResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		provider, err := p.checkSource(tx, in.SourceUser)
		if err != nil {
			return err
		}
		u, err := p.destination(tx, in.DestinationUser)
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() error {
			u.touch(c.Time)
			return p.link(tx, u, provider, in.SourceUser, c.Time.UnixMilli())
		})
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminLinkProviderForUserResponse{}, nil
}

// checkSource refuses somebody who cannot be linked to a user, and returns the
// provider that knows them.
func (p *pool) checkSource(tx store.Tx, source *cognitoidp.ProviderUserIdentifierType) (*cognitoidp.IdentityProviderType, error) {
	if source.ProviderName == localUser || source.ProviderName == localProvider {
		return nil, invalid("Invalid SourceUser: Cognito users with a username/password may not be passed in as a SourceUser, only as a DestinationUser")
	}
	if source.ProviderName == "" || source.ProviderAttributeName == "" || source.ProviderAttributeValue == "" {
		return nil, invalid("SourceUser needs ProviderName, ProviderAttributeName and ProviderAttributeValue.")
	}
	if utf8.RuneCountInString(source.ProviderAttributeValue) > maxLinkedValue {
		return nil, invalid("The ProviderAttributeValue of SourceUser can have at most %d characters.", maxLinkedValue)
	}
	record, err := providers.Get(tx, p.Id, source.ProviderName)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoProvider(source.ProviderName)
	}
	if err != nil {
		return nil, err
	}
	if err := checkLinkedAttribute(&record.Settings, source.ProviderAttributeName); err != nil {
		return nil, err
	}
	_, err = users.Get(tx, p.Id, p.fold(federatedName(source.ProviderName, source.ProviderAttributeValue)))
	if err == nil {
		return nil, invalid("Merging is not currently supported, provide a SourceUser that has not been signed up in order to link")
	}
	return &record.Settings, unlessAbsent(err)
}

// checkLinkedAttribute refuses what a provider's users cannot be recognised by: of a
// social provider all but the subject, of the others what is not mapped.
func checkLinkedAttribute(provider *cognitoidp.IdentityProviderType, name string) error {
	if name == subjectAttribute {
		return nil
	}
	if isSocial(provider.ProviderType) {
		return invalid("ProviderAttributeName must be %s for provider %s.", subjectAttribute, provider.ProviderName)
	}
	if _, mapped := provider.AttributeMapping[name]; !mapped || name == mappedUsername {
		return invalid("ProviderAttributeName must be %s or a mapped attribute of provider %s.", subjectAttribute, provider.ProviderName)
	}
	return nil
}

// destination returns the user whom an administrator means: one of the pool's own,
// or one who signed in through a provider.
func (p *pool) destination(tx store.Tx, d *cognitoidp.ProviderUserIdentifierType) (*user, error) {
	switch {
	case d.ProviderName == "" || d.ProviderAttributeValue == "":
		return nil, invalid("DestinationUser needs ProviderName and ProviderAttributeValue.")
	case d.ProviderName == localUser:
		return p.userNamed(tx, d.ProviderAttributeValue)
	}
	// By the username alone: another name in this form is what somebody likes to be called.
	u, err := users.Get(tx, p.Id, p.fold(federatedName(d.ProviderName, d.ProviderAttributeValue)))
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoUser()
	}
	return u, err
}

// link links somebody whom a provider knows to a user.
func (p *pool) link(tx store.Tx, u *user, provider *cognitoidp.IdentityProviderType, source *cognitoidp.ProviderUserIdentifierType, now int64) error {
	for name := range u.Attributes {
		if a := p.schema.byName[name]; a != nil && strings.HasPrefix(name, customPrefix) && !isTrue(a.Mutable) {
			return invalid("user.%s: Attribute cannot be updated. (changing an immutable attribute)", name)
		}
	}
	l := &link{
		Provider: source.ProviderName, Attribute: source.ProviderAttributeName, Value: source.ProviderAttributeValue,
		User: u.key(p), Sub: u.Sub,
	}
	err := links.Insert(tx, p.Id, linkID(l.Provider, l.Attribute, l.Value), l)
	if errors.Is(err, store.ErrExists) {
		return invalid("SourceUser is already linked to DestinationUser")
	}
	if err != nil {
		return err
	}
	known := u.identities()
	if linked := slices.DeleteFunc(slices.Clone(known), func(i identity) bool { return i.Primary }); len(linked) >= maxLinks {
		return cognitoidp.LimitExceededException.Newf("A user can be linked to at most %d identities.", maxLinks)
	}
	return u.setIdentities(append(known, identity{
		UserID: l.Value, ProviderName: l.Provider, ProviderType: string(provider.ProviderType), DateCreated: now,
	}))
}

// adminDisableProviderForUser implements AdminDisableProviderForUser: a user of the
// pool's own can sign in with a password no longer, and somebody who was linked to a
// user is not any more.
func (s *Service) adminDisableProviderForUser(ctx context.Context, c *wire.Call, in *cognitoidp.AdminDisableProviderForUserRequest) (*cognitoidp.AdminDisableProviderForUserResponse, error) {
	p, err := s.poolOf(ctx, c, in.UserPoolId)
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if in.User.ProviderName != localUser {
			return p.unlink(tx, c, in.User)
		}
		u, err := p.userNamed(tx, in.User.ProviderAttributeValue)
		if err != nil {
			return err
		}
		return p.modify(tx, u, func() error {
			u.LocalBlocked = true
			u.touch(c.Time)
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AdminDisableProviderForUserResponse{}, nil
}

// unlink ends that somebody whom a provider knows is a user of the pool.
func (p *pool) unlink(tx store.Tx, c *wire.Call, who *cognitoidp.ProviderUserIdentifierType) error {
	id := linkID(who.ProviderName, who.ProviderAttributeName, who.ProviderAttributeValue)
	u, err := p.linkedUser(tx, id)
	if errors.Is(err, store.ErrNotFound) {
		return invalid("Account isn't linked to anyone else, verify that the account has been linked")
	}
	if err != nil {
		return err
	}
	if err := links.Delete(tx, p.Id, id); err != nil {
		return err
	}
	return p.modify(tx, u, func() error {
		u.touch(c.Time)
		known := u.identities()
		i := slices.IndexFunc(known, func(i identity) bool {
			return !i.Primary && i.ProviderName == who.ProviderName && i.UserID == who.ProviderAttributeValue
		})
		if i < 0 {
			return nil
		}
		return u.setIdentities(slices.Delete(known, i, i+1))
	})
}

// linkedUser returns the user of a link, or store.ErrNotFound.
func (p *pool) linkedUser(tx store.Tx, id string) (*user, error) {
	l, err := links.Get(tx, p.Id, id)
	if err != nil {
		return nil, err
	}
	return users.Get(tx, p.Id, l.User)
}

// removeLinks ends all links of a user who is about to be deleted.
func removeLinks(tx store.Tx, poolID string, u *user) error {
	if u.Attributes[attrIdentities] == "" {
		return nil
	}
	q := store.Query{Index: "sub", Match: store.Equal(u.Sub)}
	for l, err := range links.All(tx, poolID, q) {
		if err != nil {
			return err
		}
		if err := links.Delete(tx, poolID, linkID(l.Provider, l.Attribute, l.Value)); err != nil {
			return err
		}
	}
	return nil
}
