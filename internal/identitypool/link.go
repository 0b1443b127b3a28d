package identitypool

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"pintail/internal/gen/cognitoidentity"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// login ties an identity to a person at a provider.
type login struct {
	Provider string // as AWS names it: the key of Logins, or the developer provider's name
	Subject  string // the provider's id of the person
	Kind     kind   `json:",omitzero"`
}

// kind is the kind of a login's provider.
type kind string

const (
	userPoolLogin  kind = "" // of this server
	socialLogin    kind = "social"
	openIDLogin    kind = "oidc"
	samlLogin      kind = "saml"
	developerLogin kind = "developer"
)

// link tells which identity a login belongs to, which is never a disabled one.
type link struct{ Identity string }

// links are owned by their pool.
var links = store.NewCollection[link]("identity_login")

// maxLinkKey is the longest key that is kept in clear: the directory's keys are bounded,
// and what developers and SAML providers call a user is not.
const maxLinkKey = 512

// key names a login in the directory. The names of developer providers are the owner's
// choice, and may be those of issuers too.
func (l login) key() string {
	key := l.Provider + " " + l.Subject
	if l.Kind != userPoolLogin {
		key = string(l.Kind) + " " + key
	}
	if len(key) <= maxLinkKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256 " + hex.EncodeToString(sum[:])
}

// maxLogins is how many an identity can have (Amazon Cognito quotas).
const maxLogins = 20

const unknownLogins = "Logins don't match. Please include at least one valid login for this identity or identity pool."

func conflict(message string) error { return cognitoidentity.ResourceConflictException.New(message) }

// owners returns the identities that logins belong to, each once.
func owners(tx store.Tx, poolID string, logins []login) ([]*identity, error) {
	var found []*identity
	for _, l := range logins {
		i, err := owner(tx, poolID, l)
		if err != nil {
			return nil, err
		}
		if i != nil && !contains(found, i) {
			found = append(found, i)
		}
	}
	return found, nil
}

// owner returns the identity that a login belongs to, nil if nobody has it.
func owner(tx store.Tx, poolID string, l login) (*identity, error) {
	k, err := links.Get(tx, poolID, l.key())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return identities.Get(tx, poolID, k.Identity)
}

func contains(all []*identity, i *identity) bool {
	return slices.ContainsFunc(all, func(other *identity) bool { return other.ID == i.ID })
}

// resolve returns the identity that a call with verified logins acts for: that of the
// logins. A guest that signs in keeps its id, unless the person has an identity already:
// then the guest is merged into that one.
func resolve(tx store.Tx, c *wire.Call, poolID, id string, logins []login) (*identity, error) {
	i, err := findIn(tx, poolID, id)
	if err != nil {
		return nil, err
	}
	all, err := owners(tx, poolID, logins)
	if err != nil {
		return nil, err
	}
	now, err := successor(tx, poolID, i)
	if err != nil {
		return nil, err
	}
	switch {
	case contains(all, now):
	case i.guest():
		all = append(all, i)
	default:
		return nil, cognitoidentity.NotAuthorizedException.New(unknownLogins)
	}
	return unite(tx, c, poolID, all, logins)
}

// unite makes one identity of all that a call brings together, and gives it the logins.
// Who has signed in before wins over a guest, then the older identity over the younger
// one. The others are disabled.
func unite(tx store.Tx, c *wire.Call, poolID string, all []*identity, logins []login) (*identity, error) {
	slices.SortFunc(all, func(a, b *identity) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
	})
	return gather(tx, c, poolID, all[0], all[1:], logins)
}

// rank puts guests behind.
func rank(i *identity) int {
	if len(i.Logins) == 0 {
		return 1
	}
	return 0
}

// gather merges identities into one and gives that one further logins.
func gather(tx store.Tx, c *wire.Call, poolID string, into *identity, others []*identity, logins []login) (*identity, error) {
	var gained []login
	gain := func(logins []login) {
		for _, l := range logins {
			if !slices.Contains(into.Logins, l) {
				gained = appendNew(gained, l)
			}
		}
	}
	for _, other := range others {
		gain(other.Logins)
	}
	gain(logins)
	if err := together(slices.Concat(into.Logins, gained)); err != nil {
		return nil, err
	}
	for _, other := range others {
		other.Logins, other.MergedInto, other.Modified = nil, into.ID, c.Time
		if err := identities.Put(tx, poolID, other.ID, other); err != nil {
			return nil, err
		}
	}
	for _, l := range gained {
		if err := links.Put(tx, poolID, l.key(), &link{Identity: into.ID}); err != nil {
			return nil, err
		}
	}
	if len(gained) == 0 && len(others) == 0 {
		return into, nil
	}
	into.Logins, into.Abandoned, into.Modified = append(into.Logins, gained...), false, c.Time
	return into, identities.Put(tx, poolID, into.ID, into)
}

// together tells whether one identity may have these logins: it speaks for one person, and
// so has one login of each provider, except of the developer's, who knows the person.
func together(logins []login) error {
	if len(logins) > maxLogins {
		return conflict("An identity can have at most 20 logins.")
	}
	seen := map[string]bool{}
	for _, l := range logins {
		if l.Kind == developerLogin {
			continue
		}
		if seen[l.Provider] {
			return conflict("The identity already has a login of this provider.")
		}
		seen[l.Provider] = true
	}
	return nil
}

// detach takes logins away from an identity. They are unknown from then on, and an
// identity that has none left is nobody's.
func detach(tx store.Tx, c *wire.Call, poolID string, i *identity, logins []login) error {
	for _, l := range logins {
		if err := links.Delete(tx, poolID, l.key()); err != nil {
			return err
		}
	}
	i.Logins = slices.DeleteFunc(i.Logins, func(l login) bool { return slices.Contains(logins, l) })
	i.Abandoned, i.Modified = len(i.Logins) == 0, c.Time
	return identities.Put(tx, poolID, i.ID, i)
}

// appendNew adds what is not in the list yet.
func appendNew[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}
