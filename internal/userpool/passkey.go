package userpool

import (
	"crypto/sha256"
	"errors"
	"net/netip"
	"net/url"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
)

// maxPasskeys is how many passkeys a user can have (Cognito developer guide,
// "Quotas in Amazon Cognito").
const maxPasskeys = 20

// passkeyRecord is a user's passkey at rest. The pool owns the document.
type passkeyRecord struct {
	passkey.Credential
	User         string // the user's sub
	RelyingParty string
	Created      time.Time
	LastUsed     time.Time `json:",omitzero"`
}

// passkeys holds the passkeys of a pool's users, each by [passkeyID].
var passkeys = store.NewCollection("passkey",
	store.Index("user", func(r *passkeyRecord) string { return passkeysOf(r.User) + store.Time(r.Created) }))

// passkeysOf begins the index values of a user's passkeys, which sort as they were
// made.
func passkeysOf(sub string) string { return sub + "/" }

// passkeyID is the id of a passkey's document: credential ids can be longer than
// ids of documents.
func passkeyID(credential []byte) string {
	sum := sha256.Sum256(credential)
	return passkey.Encode(sum[:])
}

// newPasskey is what a user's next registration must answer.
type newPasskey struct {
	Challenge []byte
	Client    string // the app client that asked
	Expires   time.Time
}

// listPasskeys returns all passkeys of a user, in the order of creation.
func listPasskeys(tx store.Tx, p *pool, u *user) ([]*passkeyRecord, error) {
	if u.Passkeys == 0 {
		return nil, nil
	}
	q := store.Query{Index: "user", Match: store.Prefix(passkeysOf(u.Sub)), Limit: maxPasskeys}
	list, _, err := passkeys.List(tx, p.Id, q)
	return list, err
}

// removePasskeys removes all passkeys of a user, who is going or whom the caller
// stores.
func removePasskeys(tx store.Tx, p *pool, u *user) error {
	list, err := listPasskeys(tx, p, u)
	if err != nil {
		return err
	}
	for _, r := range list {
		if err := passkeys.Delete(tx, p.Id, passkeyID(r.ID)); err != nil {
			return err
		}
	}
	u.Passkeys = 0
	return nil
}

// credentials are the passkeys as package passkey knows them.
func credentials(list []*passkeyRecord) []passkey.Credential {
	out := make([]passkey.Credential, len(list))
	for i, r := range list {
		out[i] = r.Credential
	}
	return out
}

// errNoRelyingParty is for the log: each operation has an error of its own for it.
var errNoRelyingParty = errors.New("the user pool has no relying party id, no domain, and the server's own host name cannot be one")

// relyingParty is whom the passkeys of a pool's users are for: the domain that the
// pool's settings name, else its custom domain, else the server's own host name.
// Where a passkey may stand for both factors it must verify its user, every time: a
// sign-in asks for nothing after it.
func (s *Service) relyingParty(p *pool, u *user) (passkey.RelyingParty, error) {
	settings := p.webAuthn()
	rp := passkey.RelyingParty{
		ID: or(settings.RelyingPartyId, or(p.CustomDomain, hostName(s.baseURL()))),
		RequiresVerification: settings.UserVerification == cognitoidp.UserVerificationTypeRequired ||
			p.passkeyMFA() || u != nil && u.MFA.WebAuthn,
	}
	if rp.ID == "" {
		return rp, errNoRelyingParty
	}
	return rp, nil
}

// hostName returns the host name in a URL that browsers take for a relying party:
// an address is none, but for those of this machine, which has a name everywhere.
func hostName(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return host
	case address.IsLoopback():
		return "localhost"
	}
	return ""
}
