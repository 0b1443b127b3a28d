package userpool

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/userpool/csvimport"
	"pintail/internal/userpool/passwordhash"
)

// unverifiedRow is AWS's text for a user whom no message could reach (Cognito
// developer guide, "Viewing the results").
const unverifiedRow = "The User Record does not set any of the auto verified attributes to true. (Example: email_verified to true)."

// isUsername tells whether a text has the form of usernames (Cognito API reference,
// UsernameType). As a regular expression it would take milliseconds to compile, whenever
// the program starts.
func isUsername(text string) bool {
	if n := utf8.RuneCountInString(text); n < 1 || n > 128 {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P) })
}

// rowError is why a row is not imported, for the log: without data of the user.
type rowError string

func (e rowError) Error() string { return string(e) }

// importedUser returns the user whom a row describes. Its error says, without any
// data of the user, what is wrong with the row.
func (s *Service) importedUser(p *pool, algorithm cognitoidp.PasswordHashingAlgorithmType, row map[string]string, now time.Time) (*user, error) {
	if !isUsername(row[csvimport.Username]) {
		return nil, rowError("The username is missing or has a form that usernames cannot have.")
	}
	given, err := p.importedAttributes(row)
	if err != nil {
		return nil, err
	}
	username, err := p.importedName(row[csvimport.Username], given)
	if err != nil {
		return nil, err
	}
	if err := p.schema.missingAttributes(given); err != nil {
		return nil, err
	}
	verified, err := p.verifiedOf(given)
	if err != nil {
		return nil, err
	}
	u := newUser(username, given, now)
	for _, name := range verified {
		u.verify(name)
	}
	if u.MFA.SMS, err = p.importedMFA(row[csvimport.MFAEnabled], u); err != nil {
		return nil, err
	}
	u.Status = cognitoidp.UserStatusTypeResetRequired
	if p.passwordless(u) {
		u.Status = cognitoidp.UserStatusTypeConfirmed
	}
	if text := row[csvimport.PasswordHash]; text != "" {
		if u.Hash, err = s.importedHash(p, u, algorithm, text); err != nil {
			return nil, err
		}
		u.Status, u.PasswordSet = cognitoidp.UserStatusTypeConfirmed, u.Created
	}
	return u, nil
}

// importedAttributes turns a row's values into attributes and holds them against the
// schema.
func (p *pool) importedAttributes(row map[string]string) (map[string]string, error) {
	given := make(map[string]string, len(row))
	for _, a := range p.schema.list {
		value := row[a.Name]
		if value == "" {
			continue
		}
		var err error
		switch {
		case a.AttributeDataType == cognitoidp.AttributeDataTypeBoolean:
			value, err = csvimport.Boolean(value)
		case a.Name == "birthdate":
			value, err = csvimport.Birthdate(value)
		case a.Name == attrUpdatedAt:
			value, err = csvimport.Seconds(value)
		}
		if err != nil {
			return nil, nonconforming(a.Name, err.Error())
		}
		if err := p.schema.check(a.Name, value); err != nil {
			return nil, err
		}
		given[a.Name] = value
	}
	return given, nil
}

// importedName checks a row's username and returns the one that the user gets. It
// is nameNewUser for somebody who counts as confirmed and so may have a
// preferred_username.
func (p *pool) importedName(name string, given map[string]string) (string, error) {
	preferred, has := given[attrPreferredUsername]
	delete(given, attrPreferredUsername)
	username, err := p.nameNewUser(name, given)
	if has {
		given[attrPreferredUsername] = preferred
	}
	return username, err
}

// verifiedOf returns which of email and phone_number a row calls verified, and takes
// the flags out of the attributes. One that the pool verifies must be among them.
func (p *pool) verifiedOf(given map[string]string) (verified []string, err error) {
	for _, name := range []string{attrEmail, attrPhone} {
		flag := verifiedFlag(name)
		claimed := given[flag] == "true"
		delete(given, flag)
		if !claimed {
			continue
		}
		if given[name] == "" {
			return nil, nonconforming(name, "The attribute is required when "+flag+" is true.")
		}
		verified = append(verified, name)
	}
	if !slices.ContainsFunc(verified, p.autoVerifies) {
		return nil, rowError(unverifiedRow)
	}
	return verified, nil
}

// importedMFA holds cognito:mfa_enabled against the pool and tells whether it
// activates codes by SMS, which is what it has always meant.
func (p *pool) importedMFA(text string, u *user) (bool, error) {
	if text == "" {
		return false, nil
	}
	value, err := csvimport.Boolean(text)
	if err != nil {
		return false, nonconforming(csvimport.MFAEnabled, err.Error())
	}
	enabled := value == "true"
	switch {
	case enabled && p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOff:
		return false, nonconforming(csvimport.MFAEnabled, "The value must be FALSE or empty, since MFA is off in the user pool.")
	case !enabled && p.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn:
		return false, nonconforming(csvimport.MFAEnabled, "The value must be TRUE or empty, since MFA is required in the user pool.")
	}
	return enabled && u.verified(attrPhone), nil
}

// passwordless tells whether the user can sign in with a one-time password that the
// pool offers as the first factor (Cognito developer guide, "Requiring imported
// users to reset their passwords").
func (p *pool) passwordless(u *user) bool {
	return p.sendsOTP(u.verified)
}

// importedHash checks a row's password hash and returns it sealed.
func (s *Service) importedHash(p *pool, u *user, algorithm cognitoidp.PasswordHashingAlgorithmType, text string) ([]byte, error) {
	if algorithm == "" {
		return nil, nonconforming(csvimport.PasswordHash, "The import job has no PasswordHashingAlgorithm.")
	}
	_, err := passwordhash.Parse(passwordhash.Algorithm(algorithm), text)
	switch {
	case errors.Is(err, passwordhash.ErrLimit):
		return nil, nonconforming(csvimport.PasswordHash, "The parameters of the password hash are out of bounds for "+string(algorithm)+".")
	case err != nil:
		return nil, nonconforming(csvimport.PasswordHash, "The password hash is not in the form of "+string(algorithm)+".")
	}
	return s.sealHash(p, u, algorithm, text), nil
}

// rowProblem is the text for the log of why a row was not imported.
func rowProblem(err error) string {
	if refusal, ok := errors.AsType[*model.Error](err); ok {
		return refusal.Message
	}
	return err.Error()
}
