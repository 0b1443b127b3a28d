package userpool

import (
	"cmp"
	"crypto/subtle"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// purpose says what a code is good for. A user has one code for each, and a new
// one replaces the old.
type purpose string

const (
	forSignUp purpose = "sign-up"
	forReset  purpose = "reset password"
	// forFirstFactor is a one-time password in place of a password, and
	// forSecondFactor one beside it.
	forFirstFactor  purpose = "first factor"
	forSecondFactor purpose = "second factor"
)

// forAttribute is the purpose of a code that verifies an attribute.
func forAttribute(name string) purpose { return purpose("verify " + name) }

// digits is how long a code is.
func (why purpose) digits() int {
	if why == forFirstFactor {
		return 8
	}
	return 6
}

// life is how long a code works, unless its notice says otherwise (Cognito developer
// guide, "Quotas").
func (why purpose) life() time.Duration {
	if why == forReset {
		return time.Hour
	}
	return 24 * time.Hour
}

// code is a code that was sent, at rest: only its MAC is kept.
type code struct {
	MAC       []byte
	Expires   time.Time
	Attribute string // email or phone_number
	To        string // the value of the attribute that it was sent to
}

// sendCode makes a code, keeps it with the user, whom the caller stores, and sends it.
func (s *Service) sendCode(tx store.Tx, p *pool, u *user, why purpose, n notice, attribute, to string, now time.Time) (*cognitoidp.CodeDeliveryDetailsType, error) {
	plain := ids.Code(why.digits())
	if u.Codes == nil {
		u.Codes = make(map[string]code)
	}
	expires := now.Add(cmp.Or(n.life, why.life()))
	u.Codes[string(why)] = code{MAC: s.codeMAC(p, u, why, plain), Expires: expires, Attribute: attribute, To: to}
	if err := s.send(tx, p, u, n, attribute, to, plain, expires); err != nil {
		return nil, err
	}
	return deliveryDetails(attribute, to), nil
}

func (s *Service) codeMAC(p *pool, u *user, why purpose, plain string) []byte {
	return s.codes.MAC(p.Id, u.Sub, string(why), plain)
}

// takeCode checks a code and, if it is right, uses it up. A wrong one counts against
// where it came from.
func (s *Service) takeCode(p *pool, u *user, why purpose, given string, c *wire.Call) (code, error) {
	kept, ok := u.Codes[string(why)]
	if !ok || !c.Time.Before(kept.Expires) {
		return code{}, errExpiredCode()
	}
	if subtle.ConstantTimeCompare(kept.MAC, s.codeMAC(p, u, why, given)) != 1 {
		return code{}, cmp.Or(s.allowSource(c, p), why.mismatch())
	}
	delete(u.Codes, string(why))
	return kept, nil
}

// knowsCode tells whether takeCode would take a code.
func (s *Service) knowsCode(p *pool, u *user, why purpose, given string, now time.Time) bool {
	kept, ok := u.Codes[string(why)]
	return ok && now.Before(kept.Expires) && subtle.ConstantTimeCompare(kept.MAC, s.codeMAC(p, u, why, given)) == 1
}

func errExpiredCode() error {
	return cognitoidp.ExpiredCodeException.New("Invalid code provided, please request a code again.")
}

// mismatch refuses a wrong code.
func (why purpose) mismatch() error {
	if why == forFirstFactor || why == forSecondFactor {
		return cognitoidp.CodeMismatchException.New("Invalid code or auth state for the user.")
	}
	return errCodeMismatch()
}

func errCodeMismatch() error {
	return cognitoidp.CodeMismatchException.New("Invalid verification code provided, please try again.")
}

// isWrongCode tells whether an error refuses a code, as wrong or as too old.
func isWrongCode(err error) bool {
	return errors.Is(err, errCodeMismatch()) || errors.Is(err, errExpiredCode())
}

// deliveryDetails tells where a code went without telling the whole address.
func deliveryDetails(attribute, to string) *cognitoidp.CodeDeliveryDetailsType {
	if attribute == attrPhone {
		return &cognitoidp.CodeDeliveryDetailsType{
			AttributeName: attrPhone, DeliveryMedium: cognitoidp.DeliveryMediumTypeSms, Destination: maskPhone(to),
		}
	}
	return &cognitoidp.CodeDeliveryDetailsType{
		AttributeName: attrEmail, DeliveryMedium: cognitoidp.DeliveryMediumTypeEmail, Destination: maskEmail(to),
	}
}

// signUpDestination returns where the code of a new user goes: the phone where
// phone numbers are verified and there is one, else the email, else nowhere.
func (p *pool) signUpDestination(u *user) (attribute, to string) {
	for _, name := range []string{attrPhone, attrEmail} {
		if to := u.Attributes[name]; to != "" && p.autoVerifies(name) {
			return name, to
		}
	}
	return "", ""
}
