package userpool

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
)

// alias is another name under which a user signs in. The pool owns it, and its id
// is the kind and the folded value, so that a pool has each only once.
type alias struct {
	User string // id of the user's document
}

var aliases = store.NewCollection[alias]("user_alias")

// maxAliasValue is the longest value that is an id as it is, in bytes.
const maxAliasValue = 512

// aliasID returns the id of an alias.
func (p *pool) aliasID(kind, value string) string {
	value = p.fold(value)
	if len(value) > maxAliasValue {
		sum := sha256.Sum256([]byte(value))
		return kind + "#" + hex.EncodeToString(sum[:])
	}
	return kind + ":" + value
}

// aliasKinds are the attributes under whose values users sign in. An address, which its
// owner has shown to have, goes before a preferred_username, which anybody may choose:
// nobody can have a name mean them that is somebody else's address.
func (p *pool) aliasKinds() (kinds []string) {
	for _, kind := range []string{attrEmail, attrPhone, attrPreferredUsername} {
		if p.isUsernameAttribute(kind) || p.isAlias(kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// namedByAddress tells whether users sign up under their email or phone_number and
// get a UUID for a username.
func (p *pool) namedByAddress() bool { return len(p.UsernameAttributes) > 0 }

// isUsernameAttribute tells whether users sign up under this attribute.
func (p *pool) isUsernameAttribute(name string) bool {
	return slices.Contains(p.UsernameAttributes, cognitoidp.UsernameAttributeType(name))
}

// isAlias tells whether the attribute is a further name beside the username.
func (p *pool) isAlias(name string) bool {
	return slices.Contains(p.AliasAttributes, cognitoidp.AliasAttributeType(name))
}

// activeAliases returns the ids of the names that a user signs in under, by kind.
// Username attributes count from the start, aliases once they are verified, and
// preferred_username always, because nothing verifies it (Cognito developer guide,
// "Customizing sign-in attributes").
func (p *pool) activeAliases(u *user) map[string]string {
	active := make(map[string]string)
	for _, kind := range p.aliasKinds() {
		value := u.Attributes[kind]
		if value != "" && (p.isUsernameAttribute(kind) || verifiedFlag(kind) == "" || u.verified(kind)) {
			active[kind] = p.aliasID(kind, value)
		}
	}
	return active
}

// takenError says that another user signs in under this name.
type takenError struct {
	kind string
	id   string
}

func (e *takenError) Error() string { return fmt.Sprintf("userpool: %s is taken", e.kind) }

// moveAliases replaces the aliases of a user. It returns a *takenError for one that
// belongs to somebody else, unless it may be taken by force.
func (p *pool) moveAliases(tx store.Tx, key string, before, after map[string]string, force bool) error {
	for _, kind := range slices.Sorted(maps.Keys(before)) {
		if after[kind] == before[kind] {
			continue
		}
		if err := aliases.Delete(tx, p.Id, before[kind]); err != nil {
			return err
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(after)) {
		if after[kind] == before[kind] {
			continue
		}
		taken := &takenError{kind, after[kind]}
		err := aliases.Insert(tx, p.Id, taken.id, &alias{User: key})
		if errors.Is(err, store.ErrExists) && force {
			err = p.takeOver(tx, taken, key)
		}
		if errors.Is(err, store.ErrExists) {
			return taken
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// insert stores a new user, with the aliases that follow from the document. It returns
// a *takenError for one that belongs to somebody else, unless it may be taken by force.
func (p *pool) insert(tx store.Tx, u *user, force bool) error {
	if err := p.moveAliases(tx, u.key(p), nil, p.activeAliases(u), force); err != nil {
		return err
	}
	return users.Insert(tx, p.Id, u.key(p), u)
}

// takeOver gives an alias to another user. The old owner's value counts as
// unverified from then on.
func (p *pool) takeOver(tx store.Tx, taken *takenError, key string) error {
	a, err := aliases.Get(tx, p.Id, taken.id)
	if err != nil {
		return err
	}
	owner, err := users.Get(tx, p.Id, a.User)
	if err != nil {
		return err
	}
	addresses := owner.addressStates()
	owner.Attributes[verifiedFlag(taken.kind)] = "false"
	if err := users.Put(tx, p.Id, a.User, owner); err != nil {
		return err
	}
	if err := p.through(nil).noteAddresses(tx, owner, addresses); err != nil {
		return err
	}
	return aliases.Put(tx, p.Id, taken.id, &alias{User: key})
}
