package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
)

// PersonRef is a user as the rest of the house needs to know them.
type PersonRef struct {
	UserPoolID, Username, Sub string
	// Addresses are where the user gets messages, new ones that are not verified
	// included.
	Addresses []string
}

// Person is what a pool keeps of a user, without what is for the server alone:
// verifiers, seeds and keys, codes, counts of wrong attempts.
type Person struct {
	UserPoolID       string
	Username         string
	Status           cognitoidp.UserStatusType
	Enabled          bool
	Created          time.Time
	LastModified     time.Time
	PasswordSet      time.Time `json:",omitzero"`
	Attributes       map[string]string
	PendingChanges   map[string]string `json:",omitzero"`
	SecondFactors    []string
	PreferredFactor  string `json:",omitzero"`
	AuthenticatorApp string `json:",omitzero"` // as the user calls it
	Groups           []string
	ProviderLinks    []PersonLink
	Devices          []cognitoidp.DeviceType
	Passkeys         []cognitoidp.WebAuthnCredentialDescription
	AuthEvents       []cognitoidp.AuthEventType
}

// PersonLink is a user at an identity provider.
type PersonLink struct{ Provider, Attribute, Value string }

// PersonPool is a pool, as a place where persons are looked for. Its methods work in a
// transaction of the caller's.
type PersonPool struct {
	service *Service
	pool    *pool
}

// PersonPool returns a pool, or ResourceNotFoundException.
func (s *Service) PersonPool(ctx context.Context, id string) (*PersonPool, error) {
	p, err := s.pool(ctx, id)
	if err != nil {
		return nil, err
	}
	return &PersonPool{s, p}, nil
}

// Find returns the user that a username, an alias or a sub means, nil for nobody.
func (p *PersonPool) Find(tx store.Tx, name string) (*PersonRef, error) {
	u, err := p.pool.resolve(tx, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ref := &PersonRef{UserPoolID: p.pool.Id, Username: u.Username, Sub: u.Sub}
	for _, from := range []map[string]string{u.Attributes, u.Pending} {
		for _, name := range []string{attrEmail, attrPhone} {
			if address := from[name]; address != "" && !slices.Contains(ref.Addresses, address) {
				ref.Addresses = append(ref.Addresses, address)
			}
		}
	}
	return ref, nil
}

// bySub returns the user with a sub, nil for nobody.
func (p *PersonPool) bySub(tx store.Tx, sub string) (*user, error) {
	u, err := users.GetBy(tx, p.pool.Id, attrSub, sub)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return u, err
}

// Person returns what the pool keeps of the user with a sub, nil for nobody.
func (p *PersonPool) Person(tx store.Tx, sub string) (*Person, error) {
	u, err := p.bySub(tx, sub)
	if u == nil {
		return nil, err
	}
	out := &Person{
		UserPoolID: p.pool.Id, Username: u.Username, Status: u.Status, Enabled: u.Enabled,
		Created: u.Created, LastModified: u.Modified, PasswordSet: u.PasswordSet,
		Attributes: map[string]string{}, PendingChanges: u.Pending,
		SecondFactors: u.MFA.list(), PreferredFactor: string(u.MFA.Preferred),
	}
	for _, a := range p.pool.attributesOf(u, everything) {
		out.Attributes[a.Name] = a.Value
	}
	if u.Token != nil {
		out.AuthenticatorApp = u.Token.Name
	}
	for _, gather := range []func(store.Tx, *user, *Person) error{p.gatherGroups, p.gatherDevices, p.gatherPasskeys, p.gatherAuthEvents} {
		if err := gather(tx, u, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (p *PersonPool) gatherGroups(tx store.Tx, u *user, out *Person) error {
	for m, err := range memberships.All(tx, p.pool.Id, store.Query{Index: "sub", Match: store.Equal(u.Sub)}) {
		if err != nil {
			return err
		}
		out.Groups = append(out.Groups, m.Group)
	}
	for l, err := range links.All(tx, p.pool.Id, store.Query{Index: "sub", Match: store.Equal(u.Sub)}) {
		if err != nil {
			return err
		}
		out.ProviderLinks = append(out.ProviderLinks, PersonLink{l.Provider, l.Attribute, l.Value})
	}
	return nil
}

func (p *PersonPool) gatherDevices(tx store.Tx, u *user, out *Person) error {
	k := &keeper{Service: p.service, pool: p.pool}
	for d, err := range devices.All(tx, p.pool.Id, store.Query{Index: byUser, Match: store.Equal(u.key(p.pool))}) {
		if err != nil {
			return err
		}
		out.Devices = append(out.Devices, k.shown(u, d))
	}
	return nil
}

func (p *PersonPool) gatherPasskeys(tx store.Tx, u *user, out *Person) error {
	list, err := listPasskeys(tx, p.pool, u)
	for _, r := range list {
		out.Passkeys = append(out.Passkeys, cognitoidp.WebAuthnCredentialDescription{
			CredentialId: passkey.Encode(r.ID), FriendlyCredentialName: r.FriendlyName(), RelyingPartyId: r.RelyingParty,
			AuthenticatorAttachment: r.Attachment, AuthenticatorTransports: r.Transports, CreatedAt: r.Created,
		})
	}
	return err
}

func (p *PersonPool) gatherAuthEvents(tx store.Tx, u *user, out *Person) error {
	for r, err := range authEvents.All(tx, p.pool.Id, store.Query{Index: "history", Match: store.Prefix(historyOf(u.Sub))}) {
		if err != nil {
			return err
		}
		out.AuthEvents = append(out.AuthEvents, r.Event)
	}
	return nil
}

// Count tells how much DeletePerson would delete of a person; nil is nobody.
func (p *Person) Count() map[string]int {
	counts := make(map[string]int)
	if p == nil {
		return counts
	}
	for name, n := range map[string]int{
		"user pool users": 1, "group memberships": len(p.Groups), "provider links": len(p.ProviderLinks),
		"devices": len(p.Devices), "passkeys": len(p.Passkeys), "auth events": len(p.AuthEvents),
	} {
		if n > 0 {
			counts[name] = n
		}
	}
	return counts
}

// DeletePerson deletes the user with a sub and everything that is kept of them, and
// tells how much that was.
func (p *PersonPool) DeletePerson(tx store.Tx, sub string) (map[string]int, error) {
	person, err := p.Person(tx, sub)
	if err != nil || person == nil {
		return nil, err
	}
	u, err := p.bySub(tx, sub)
	if err != nil {
		return nil, err
	}
	return person.Count(), p.service.removeUser(tx, p.pool, u)
}

// PersonLog is a record about a user that waits for its delivery.
type PersonLog struct {
	source cognitoidp.EventSourceName
	id     string
}

// PersonLogs returns the records about a user that wait for their delivery.
func (p *PersonPool) PersonLogs(tx store.Tx, who *PersonRef) (found []PersonLog, err error) {
	name, err := json.Marshal(who.Username)
	if err != nil {
		return nil, err
	}
	inText := " to the user " + strings.Trim(string(name), `"`) + " (attempts"
	for source, waiting := range logSources {
		for r, err := range waiting.All(tx, p.pool.Id, store.Query{}) {
			if err != nil {
				return nil, err
			}
			if strings.Contains(r.Text, `"userSub":"`+who.Sub+`"`) || strings.Contains(r.Text, inText) {
				found = append(found, PersonLog{source, r.ID})
			}
		}
	}
	return found, nil
}

// DeletePersonLogs deletes records that wait for their delivery, and tells how many of
// them still did.
func (p *PersonPool) DeletePersonLogs(tx store.Tx, logs []PersonLog) (n int, err error) {
	for _, l := range logs {
		switch err := logSources[l.source].Delete(tx, p.pool.Id, l.id); {
		case err == nil:
			n++
		case !errors.Is(err, store.ErrNotFound):
			return n, err
		}
	}
	return n, nil
}
