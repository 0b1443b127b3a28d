package userpool

import (
	"strings"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
)

const (
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	digits       = "0123456789"
	// symbols are the special characters of the Cognito developer guide, "Adding
	// user pool password requirements"; an inner space is one too.
	symbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
)

// checkPassword names the first rule of the pool's policy that a password breaks.
func checkPassword(policy *cognitoidp.PasswordPolicyType, password string) error {
	reason := ""
	switch {
	case utf8.RuneCountInString(password) < int(*policy.MinimumLength):
		reason = "Password not long enough"
	case isTrue(policy.RequireUppercase) && !strings.ContainsAny(password, upperLetters):
		reason = "Password must have uppercase characters"
	case isTrue(policy.RequireLowercase) && !strings.ContainsAny(password, lowerLetters):
		reason = "Password must have lowercase characters"
	case isTrue(policy.RequireNumbers) && !strings.ContainsAny(password, digits):
		reason = "Password must have numeric characters"
	case isTrue(policy.RequireSymbols) && !strings.ContainsAny(password, symbols):
		reason = "Password must have symbol characters"
	default:
		return nil
	}
	return cognitoidp.InvalidPasswordException.New("Password did not conform with policy: " + reason)
}
