package userpool

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"pintail/internal/gen/cognitoidp"
)

// checkAttributes holds given attributes against the schema: every one must be
// known and conform to its type.
func (s schema) checkAttributes(given []cognitoidp.AttributeType) error {
	for _, a := range given {
		if err := s.check(a.Name, a.Value); err != nil {
			return err
		}
	}
	return nil
}

// check holds one value against the schema. The empty value stands for none.
func (s schema) check(name, value string) error {
	a := s.byName[name]
	switch {
	case a == nil:
		return invalid("Attributes did not conform to the schema: Type for attribute {%s} could not be determined", name)
	case strings.ContainsRune(value, 0):
		return nonconforming(name, "A value must not contain the character U+0000.")
	case value == "":
		return nil
	}
	switch name {
	case attrEmail:
		if !isEmail(value) {
			return invalid("Invalid email address format.")
		}
	case attrPhone:
		if !isPhone(value) {
			return invalid("Invalid phone number format.")
		}
	}
	if problem := conforms(a, value); problem != "" {
		return nonconforming(name, problem)
	}
	return nil
}

func nonconforming(name, problem string) error {
	return invalid("Attributes did not conform to the schema: %s: %s", name, problem)
}

// conforms says what is wrong with a value, or "".
func conforms(a *cognitoidp.SchemaAttributeType, value string) string {
	switch a.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		return stringConforms(a, value)
	case cognitoidp.AttributeDataTypeNumber:
		return numberConforms(a, value)
	case cognitoidp.AttributeDataTypeBoolean:
		if value != "true" && value != "false" {
			return "Value must be true or false."
		}
	case cognitoidp.AttributeDataTypeDateTime:
		if !isDateTime(value) {
			return "Value must be a date and time."
		}
	}
	return ""
}

func stringConforms(a *cognitoidp.SchemaAttributeType, value string) string {
	if a.Name == "birthdate" {
		if _, err := time.Parse(time.DateOnly, value); err != nil {
			return "Value must be a date in the form YYYY-MM-DD."
		}
	}
	if a.StringAttributeConstraints == nil {
		return ""
	}
	shortest, longest, err := lengths(a.StringAttributeConstraints)
	n := utf8.RuneCountInString(value)
	switch {
	case err != nil:
		return err.Error()
	case n < shortest:
		return "String must be no shorter than " + strconv.Itoa(shortest) + " characters."
	case n > longest:
		return "String must be no longer than " + strconv.Itoa(longest) + " characters."
	}
	return ""
}

func numberConforms(a *cognitoidp.SchemaAttributeType, value string) string {
	n, err := parseNumber(value)
	if err != nil {
		return "Value must be a number."
	}
	if a.NumberAttributeConstraints == nil {
		return ""
	}
	least, most, err := bounds(a.NumberAttributeConstraints)
	switch {
	case err != nil:
		return err.Error()
	case least != nil && n < *least:
		return "Number must be no less than " + a.NumberAttributeConstraints.MinValue + "."
	case most != nil && n > *most:
		return "Number must be no greater than " + a.NumberAttributeConstraints.MaxValue + "."
	}
	return ""
}

// numberForm is a decimal number as JSON writes it, so that a token can carry it.
var numberForm = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

var errNumber = errors.New("not a number")

func parseNumber(text string) (float64, error) {
	if !numberForm.MatchString(text) {
		return 0, errNumber
	}
	return strconv.ParseFloat(text, 64)
}

// isDateTime takes RFC 3339 and, as clients send it too, seconds of the epoch.
func isDateTime(value string) bool {
	if _, err := time.Parse(time.RFC3339, value); err == nil {
		return true
	}
	_, err := parseNumber(value)
	return err == nil
}

// missingAttributes is the refusal of a new user without the attributes that the
// schema requires, or nil.
func (s schema) missingAttributes(attributes map[string]string) error {
	var missing []string
	for _, a := range s.list {
		if !s.required(a.Name) || attributes[a.Name] != "" {
			continue
		}
		missing = append(missing, requiredMessage(a.Name))
	}
	if len(missing) == 0 {
		return nil
	}
	return invalid("Attributes did not conform to the schema: %s", strings.Join(missing, " "))
}

// nameFormatted is what messages call the attribute name. Cognito keeps it as a
// structure of which this is one member, and it shows.
const nameFormatted = "name.formatted"

// requiredMessage says that an attribute is missing.
func requiredMessage(name string) string {
	if name == attrName {
		return nameFormatted + ": The attribute " + nameFormatted + " is required"
	}
	return name + ": The attribute is required"
}

// errRequired refuses to take an attribute away that every user must have.
func errRequired(name string) error {
	if name == attrName {
		name = nameFormatted
	}
	return invalid("user.%s: Required attribute cannot be deleted.", name)
}

const (
	maxEmail     = 320 // RFC 3696, erratum 1690 allows less; servers accept this
	maxLocalPart = 64
)

var (
	phoneForm = regexp.MustCompile(`^\+[0-9]{1,15}$`)
	// emailDomain takes labels of letters, digits and inner hyphens, in any
	// script, and at least two of them.
	emailDomain = regexp.MustCompile(`^[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?(\.[\p{L}\p{N}]([\p{L}\p{N}-]*[\p{L}\p{N}])?)+$`)
	// emailLocal takes a dot-atom of RFC 5322, in any script.
	emailLocal = regexp.MustCompile("^[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+(\\.[\\p{L}\\p{M}\\p{N}!#$%&'*+/=?^_`{|}~-]+)*$")
)

// isEmail tells whether a text has the form of an e-mail address.
func isEmail(text string) bool {
	at := strings.LastIndexByte(text, '@')
	return at > 0 && at <= maxLocalPart && len(text) <= maxEmail &&
		emailLocal.MatchString(text[:at]) && emailDomain.MatchString(text[at+1:])
}

// isPhone tells whether a text is a phone number in E.164 form.
func isPhone(text string) bool { return phoneForm.MatchString(text) }

// maskEmail shows the first letters of an address: z***@b***.
func maskEmail(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return initial(local) + "***@" + initial(domain) + "***"
}

func initial(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// maskPhone shows the last four digits of a number: +********8920.
func maskPhone(number string) string {
	digits := strings.TrimPrefix(number, "+")
	hidden := max(len(digits)-4, 0)
	if len(digits) <= 4 {
		hidden = len(digits)
	}
	return "+" + strings.Repeat("*", hidden) + digits[hidden:]
}
