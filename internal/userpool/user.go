package userpool

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
)

// user is a person in a pool. The pool owns the document, and its id is the
// folded username.
type user struct {
	Username   string
	Sub        string // never changes, never used again
	Status     cognitoidp.UserStatusType
	Enabled    bool
	Created    time.Time
	Modified   time.Time
	Attributes map[string]string // without sub
	// Pending holds the new email or phone_number that takes effect once it is
	// verified.
	Pending map[string]string
	// Verifier is the srp.Verifier of the password, sealed. Who has none signs in
	// without a password.
	Verifier []byte
	// Hash is the hash of the password in another system, sealed, of a user who was
	// imported with it and has not shown the password yet; see matchesHash.
	Hash        []byte    `json:",omitzero"`
	PasswordSet time.Time `json:",omitzero"` // when the password became what it is
	// OldPasswords are the verifiers of earlier passwords, sealed, the latest first,
	// as many as the pool's password history holds.
	OldPasswords [][]byte `json:",omitzero"`
	// OldHash is the hash with which the user was imported, once it is no longer that
	// of the password, for as long as the password history reaches back to it.
	OldHash []byte `json:",omitzero"`
	Codes   map[string]code
	// MFA is which second factors the user activated.
	MFA mfaChoice `json:",omitzero"`
	// Token is the authenticator app that the user showed to work, NewToken one that
	// they are setting up.
	Token    *softwareToken `json:",omitzero"`
	NewToken *softwareToken `json:",omitzero"`
	// Passkeys is how many passkeys the user has registered.
	Passkeys int `json:",omitzero"`
	// NewPasskey is what a passkey that the user is registering must answer.
	NewPasskey *newPasskey `json:",omitzero"`
	// Groups is how many groups the user is in.
	Groups int `json:",omitzero"`
	// LocalBlocked tells that the user may not sign in with a password.
	LocalBlocked bool `json:",omitzero"`
	Attempts     attempts
	// Guesses counts wrong codes of second factors. Whoever guesses them knows the
	// password, so a right password must not forget them.
	Guesses failures `json:",omitzero"`
	// SignedOut is when the user last signed out everywhere, in milliseconds of the
	// epoch: sign-ins up to then are over.
	SignedOut int64
	// RevokedUntil is when the last of the user's revoked sign-ins would have ended
	// by itself. While it is past or zero, no look at the list of them is needed.
	RevokedUntil time.Time
}

// searchable are the attributes by which ListUsers finds users; the others of its
// filter are members of the user (Cognito API reference, ListUsers).
var searchable = []string{
	attrEmail, attrPhone, attrName, "given_name", "family_name", attrPreferredUsername,
}

var users = store.NewCollection("user", userIndexes()...)

func userIndexes() []store.IndexOf[user] {
	indexes := []store.IndexOf[user]{
		store.Unique(attrSub, func(u *user) string { return u.Sub }),
		store.Index("username", func(u *user) string { return u.Username }),
		store.Index("user_status", func(u *user) string { return strings.ToLower(string(u.Status)) }),
		store.Index("status", enabledText),
	}
	for _, name := range searchable {
		indexes = append(indexes, store.Index(name, func(u *user) string { return indexed(u.Attributes[name]) }))
	}
	return indexes
}

func enabledText(u *user) string {
	if u.Enabled {
		return "Enabled"
	}
	return "Disabled"
}

// maxIndexed is how much of a value is in an index, in bytes.
const maxIndexed = 512

// indexed returns the part of a value that an index holds.
func indexed(value string) string {
	if len(value) <= maxIndexed {
		return value
	}
	end := maxIndexed
	for !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}

// fold returns the form of a username, or of an alias, in which the pool compares it.
func (p *pool) fold(name string) string {
	if c := p.UsernameConfiguration; c != nil && c.CaseSensitive != nil && !*c.CaseSensitive {
		return strings.ToLower(name)
	}
	return name
}

// key is the id of the user's document.
func (u *user) key(p *pool) string { return p.fold(u.Username) }

// set sets an attribute, or deletes it when the value is empty. The flag of email
// and phone_number goes with them.
func (u *user) set(name, value string) {
	flag := verifiedFlag(name)
	if value == "" {
		delete(u.Attributes, name)
		delete(u.Attributes, flag)
		return
	}
	if flag != "" && u.Attributes[name] != value {
		u.Attributes[flag] = "false"
	}
	u.Attributes[name] = value
}

// verified tells whether the user's email or phone_number is verified.
func (u *user) verified(name string) bool { return u.Attributes[verifiedFlag(name)] == "true" }

// verify marks the user's email or phone_number as verified.
func (u *user) verify(name string) { u.Attributes[verifiedFlag(name)] = "true" }

// attributesOf returns the user's attributes in the order of the schema: all of
// them, or those that may be shown.
func (p *pool) attributesOf(u *user, shown func(name string) bool) []cognitoidp.AttributeType {
	list := []cognitoidp.AttributeType{}
	for _, a := range p.schema.list {
		value := u.Attributes[a.Name]
		if a.Name == attrSub {
			value = u.Sub
		}
		if value != "" && shown(a.Name) {
			list = append(list, cognitoidp.AttributeType{Name: a.Name, Value: value})
		}
	}
	return list
}

func everything(string) bool { return true }

// resolve returns the user whom a name means: a username, an alias, or a sub. It
// returns store.ErrNotFound when it means nobody.
func (p *pool) resolve(tx store.Tx, name string) (*user, error) {
	u, err := users.Get(tx, p.Id, p.fold(name))
	if !errors.Is(err, store.ErrNotFound) {
		return u, err
	}
	for _, kind := range p.aliasKinds() {
		a, err := aliases.Get(tx, p.Id, p.aliasID(kind, name))
		switch {
		case err == nil:
			return users.Get(tx, p.Id, a.User)
		case !errors.Is(err, store.ErrNotFound):
			return nil, err
		}
	}
	if looksLikeSub(name) {
		return users.GetBy(tx, p.Id, attrSub, p.fold(name))
	}
	return nil, store.ErrNotFound
}

// userNamed is resolve for a name that must mean somebody.
func (p *pool) userNamed(tx store.Tx, name string) (*user, error) {
	u, err := p.resolve(tx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNoUser()
	}
	return u, err
}

// looksLikeSub tells whether it is worth looking for a sub.
func looksLikeSub(name string) bool { return len(name) == len("01234567-89ab-cdef-0123-456789abcdef") }

// reread returns a user as the user is inside a transaction.
func (p *pool) reread(tx store.Tx, u *user) (*user, error) {
	now, err := users.Get(tx, p.Id, u.key(p))
	if errors.Is(err, store.ErrNotFound) || err == nil && now.Sub != u.Sub { // deleted meanwhile
		return nil, errNoUser()
	}
	return now, err
}

// find is resolve in a transaction of its own; nobody is nil.
func (s *Service) find(ctx context.Context, p *pool, name string) (u *user, err error) {
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		u, err = p.resolve(tx, name)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// findNamed is find for a name that must mean somebody.
func (s *Service) findNamed(ctx context.Context, p *pool, name string) (*user, error) {
	u, err := s.find(ctx, p, name)
	if err == nil && u == nil {
		err = errNoUser()
	}
	return u, err
}

// modify lets change work on a user and stores the outcome: the document, and the
// aliases that follow from it. A refusal of change that is counted is stored too.
func (p *pool) modify(tx store.Tx, u *user, change func() error) error {
	return p.store(tx, u, change, false)
}

// modifyByForce is modify, and takes an alias away from whoever has it.
func (p *pool) modifyByForce(tx store.Tx, u *user, change func() error) error {
	return p.store(tx, u, change, true)
}

func (p *pool) store(tx store.Tx, u *user, change func() error, force bool) error {
	before, addresses := p.activeAliases(u), u.addressStates()
	refusal := change()
	if _, keep := errors.AsType[counted](refusal); refusal != nil && !keep {
		return refusal
	}
	if err := p.moveAliases(tx, u.key(p), before, p.activeAliases(u), force); err != nil {
		return err
	}
	if err := users.Put(tx, p.Id, u.key(p), u); err != nil {
		return err
	}
	if err := p.noteAddresses(tx, u, addresses); err != nil {
		return err
	}
	return refusal
}

// identity is the user as the SRP arithmetic knows it.
func (p *pool) identity(username string) srp.Identity {
	return srp.Identity{Pool: p.srpName(), User: username}
}

// sealVerifier returns a verifier as the user's document holds it.
func (s *Service) sealVerifier(p *pool, sub string, v srp.Verifier) ([]byte, error) {
	data, err := v.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return s.verifiers.Seal(data, p.Id, sub), nil
}

// verifier returns the verifier of the user's password.
func (s *Service) verifier(p *pool, u *user) (srp.Verifier, error) {
	return s.openVerifier(p, u.Sub, u.Verifier)
}

func (s *Service) openVerifier(p *pool, sub string, sealed []byte) (v srp.Verifier, err error) {
	data, err := s.verifiers.Open(sealed, p.Id, sub)
	if err != nil {
		return v, err
	}
	return v, v.UnmarshalBinary(data)
}

// hasPassword tells whether the user can show a password at all.
func (u *user) hasPassword() bool { return len(u.Verifier) > 0 }

func (u *user) confirmed() bool { return u.Status == cognitoidp.UserStatusTypeConfirmed }

// newUser returns a user who has signed up.
func newUser(username string, attributes map[string]string, now time.Time) *user {
	now = now.Truncate(time.Millisecond)
	u := &user{
		Username: username, Sub: ids.UUID(), Status: cognitoidp.UserStatusTypeUnconfirmed, Enabled: true,
		Created: now, Modified: now, Attributes: make(map[string]string),
	}
	if username == "" { // a pool whose users are named by their address
		u.Username = u.Sub
	}
	for name, value := range attributes {
		u.set(name, value)
	}
	return u
}

// touch notes that the user was changed.
func (u *user) touch(now time.Time) { u.Modified = now.Truncate(time.Millisecond) }

// autoVerifies tells whether the pool sends a code to a new email or phone_number.
func (p *pool) autoVerifies(name string) bool {
	return slices.Contains(p.AutoVerifiedAttributes, cognitoidp.VerifiedAttributeType(name))
}

func errNoUser() error { return cognitoidp.UserNotFoundException.New("User does not exist.") }

func errDisabled() error { return cognitoidp.NotAuthorizedException.New("User is disabled.") }
