package userpool

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/srp"
)

// Where a client hides which users exist, these answers stand in for users that do
// not. They are made from a MAC of the name, so that asking again gives the same.

// decoyVerifier is a verifier that no password fits.
func (s *Service) decoyVerifier(p *pool, name string) srp.Verifier {
	return srp.Decoy(s.decoys.MAC("verifier", p.Id, p.fold(name)))
}

// decoyUsername is the username that a challenge shows: the name itself, if users
// could have it for a username, and otherwise a UUID.
func (s *Service) decoyUsername(p *pool, name string) string {
	isOther := p.namedByAddress() || p.isAlias(attrEmail) && isEmail(name) || p.isAlias(attrPhone) && isPhone(name)
	if !isOther || looksLikeSub(name) {
		return name
	}
	return uuidOf(s.decoys.MAC("username", p.Id, p.fold(name)))
}

// uuidOf returns a UUID of version 4 made from at least 16 random bytes.
func uuidOf(random []byte) string {
	h := hex.EncodeToString(random)
	variant := "89ab"[h[16]%4]
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-" + string(variant) + h[17:20] + "-" + h[20:32]
}

// decoyDestination is where a code would have gone.
func (s *Service) decoyDestination(p *pool, name string) *cognitoidp.CodeDeliveryDetailsType {
	if p.autoVerifies(attrPhone) && (!p.autoVerifies(attrEmail) || isPhone(name)) {
		return s.decoyAddress(p, name, attrPhone)
	}
	return s.decoyAddress(p, name, attrEmail)
}

// decoyAddress is an email or phone_number that a user of this name could have: the
// name, if it is one.
func (s *Service) decoyAddress(p *pool, name, attribute string) *cognitoidp.CodeDeliveryDetailsType {
	if attribute == attrPhone && isPhone(name) || attribute == attrEmail && isEmail(name) {
		return deliveryDetails(attribute, name)
	}
	mac := s.decoys.MAC("destination", p.Id, p.fold(name))
	if attribute == attrPhone {
		digit := func(b byte) string { return string('0' + b%10) }
		return deliveryDetails(attrPhone, "+1000000"+digit(mac[0])+digit(mac[1])+digit(mac[2])+digit(mac[3]))
	}
	letter := func(b byte) string { return string('a' + b%26) }
	return deliveryDetails(attrEmail, letter(mac[0])+"@"+letter(mac[1]))
}

// unknown is under which key the server remembers what was tried on a name that is
// nobody's. Strangers make names up, as long as they like: only a hash is kept.
func (p *pool) unknown(name string) string {
	sum := sha256.Sum256([]byte(p.fold(name)))
	return p.Id + "/" + string(sum[:])
}

// guessed is unknown for codes that were sent to nobody.
func (p *pool) guessed(name string) string { return "guess/" + p.unknown(name) }

// countUnknown is attempts.allow for a user that does not exist.
func (s *Service) countUnknown(p *pool, name, operation string, limit int, now time.Time) (err error) {
	s.unknowns.use(p.unknown(name), now, func(a *attempts) { err = a.allow(operation, limit, now) })
	return err
}
