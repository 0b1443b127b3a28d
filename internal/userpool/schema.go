package userpool

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"pintail/internal/gen/cognitoidp"
)

// Names of attributes that behave in a way of their own.
const (
	attrSub               = "sub"
	attrName              = "name"
	attrEmail             = "email"
	attrEmailVerified     = "email_verified"
	attrPhone             = "phone_number"
	attrPhoneVerified     = "phone_number_verified"
	attrPreferredUsername = "preferred_username"
	attrUpdatedAt         = "updated_at"
	attrAddress           = "address"
	attrIdentities        = "identities"

	customPrefix    = "custom:"
	developerPrefix = "dev:"
)

const (
	maxCustomAttributes = 50
	maxStringLength     = 2048
)

// verifiedFlag returns the attribute that says whether email or phone_number is
// verified, and "" for any other attribute.
func verifiedFlag(name string) string {
	switch name {
	case attrEmail:
		return attrEmailVerified
	case attrPhone:
		return attrPhoneVerified
	}
	return ""
}

// managed tells whether only the server sets an attribute.
func managed(name string) bool {
	return name == attrSub || name == attrEmailVerified || name == attrPhoneVerified || name == attrIdentities
}

// standardSchema returns the attributes that every pool has, in the order in which
// Cognito describes them; identities is added after the custom ones.
func standardSchema() []cognitoidp.SchemaAttributeType {
	list := []cognitoidp.SchemaAttributeType{
		stringAttribute(attrSub, "1", "2048"), stringAttribute(attrName, "0", "2048"), stringAttribute("given_name", "0", "2048"),
		stringAttribute("family_name", "0", "2048"), stringAttribute("middle_name", "0", "2048"), stringAttribute("nickname", "0", "2048"),
		stringAttribute(attrPreferredUsername, "0", "2048"), stringAttribute("profile", "0", "2048"), stringAttribute("picture", "0", "2048"),
		stringAttribute("website", "0", "2048"), stringAttribute(attrEmail, "0", "2048"), attribute(attrEmailVerified, cognitoidp.AttributeDataTypeBoolean),
		stringAttribute("gender", "0", "2048"), stringAttribute("birthdate", "10", "10"), stringAttribute("zoneinfo", "0", "2048"),
		stringAttribute("locale", "0", "2048"), stringAttribute(attrPhone, "0", "2048"), attribute(attrPhoneVerified, cognitoidp.AttributeDataTypeBoolean),
		stringAttribute(attrAddress, "0", "2048"), attribute(attrUpdatedAt, cognitoidp.AttributeDataTypeNumber),
	}
	list[0].Mutable, list[0].Required = new(false), new(true)
	list[len(list)-1].NumberAttributeConstraints = &cognitoidp.NumberAttributeConstraintsType{MinValue: "0"}
	return list
}

func attribute(name string, kind cognitoidp.AttributeDataType) cognitoidp.SchemaAttributeType {
	return cognitoidp.SchemaAttributeType{
		Name: name, AttributeDataType: kind,
		DeveloperOnlyAttribute: new(false), Mutable: new(true), Required: new(false),
	}
}

func stringAttribute(name, shortest, longest string) cognitoidp.SchemaAttributeType {
	a := attribute(name, cognitoidp.AttributeDataTypeString)
	a.StringAttributeConstraints = &cognitoidp.StringAttributeConstraintsType{MinLength: shortest, MaxLength: longest}
	return a
}

// buildSchema returns a pool's schema: the standard attributes with what the
// caller overrides, then the caller's custom ones.
func buildSchema(declared []cognitoidp.SchemaAttributeType) ([]cognitoidp.SchemaAttributeType, error) {
	list := standardSchema()
	standard := len(list)
	for _, d := range declared {
		i := slices.IndexFunc(list[:standard], func(a cognitoidp.SchemaAttributeType) bool { return a.Name == d.Name })
		if i >= 0 {
			if err := override(&list[i], d); err != nil {
				return nil, err
			}
			continue
		}
		custom, err := customAttribute(d)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(list[standard:], func(a cognitoidp.SchemaAttributeType) bool { return a.Name == custom.Name }) {
			return nil, errSameAttribute(custom.Name)
		}
		list = append(list, custom)
	}
	if len(list)-standard > maxCustomAttributes {
		return nil, errTooManyAttributes()
	}
	identities := attribute(attrIdentities, cognitoidp.AttributeDataTypeString)
	identities.StringAttributeConstraints = new(cognitoidp.StringAttributeConstraintsType)
	return append(list, identities), nil
}

func errSameAttribute(name string) error {
	return invalid("%s: Existing attribute already has name %[1]s.", name)
}

func errTooManyAttributes() error {
	return invalid("A user pool can have at most %d custom attributes.", maxCustomAttributes)
}

// override changes what CreateUserPool may change about a standard attribute.
func override(a *cognitoidp.SchemaAttributeType, d cognitoidp.SchemaAttributeType) error {
	if d.AttributeDataType != "" && d.AttributeDataType != a.AttributeDataType || isTrue(d.DeveloperOnlyAttribute) {
		return invalid("You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute %s", a.Name)
	}
	if managed(a.Name) && (differs(d.Mutable, a.Mutable) || differs(d.Required, a.Required)) {
		return invalid("%s: Mutable and Required cannot be changed for this attribute.", a.Name)
	}
	if d.Mutable != nil {
		a.Mutable = d.Mutable
	}
	if d.Required != nil {
		a.Required = d.Required
	}
	if d.StringAttributeConstraints != nil && a.StringAttributeConstraints != nil {
		merged := *a.StringAttributeConstraints
		if d.StringAttributeConstraints.MinLength != "" {
			merged.MinLength = d.StringAttributeConstraints.MinLength
		}
		if d.StringAttributeConstraints.MaxLength != "" {
			merged.MaxLength = d.StringAttributeConstraints.MaxLength
		}
		a.StringAttributeConstraints = &merged
	}
	if d.NumberAttributeConstraints != nil && a.NumberAttributeConstraints != nil {
		a.NumberAttributeConstraints = d.NumberAttributeConstraints
	}
	return checkConstraints(a)
}

// differs tells whether a given flag is another than the one that holds.
func differs(given, holds *bool) bool { return given != nil && *given != *holds }

// customAttribute returns the attribute that a caller declares, under the name
// that it will have.
func customAttribute(d cognitoidp.SchemaAttributeType) (a cognitoidp.SchemaAttributeType, err error) {
	if d.Name == "" {
		return a, invalid("A custom attribute needs a name.")
	}
	if d.AttributeDataType == "" {
		return a, invalid("Invalid AttributeDataType input, consider using the provided AttributeDataType enum.")
	}
	if isTrue(d.Required) {
		return a, invalid("Required custom attributes are not supported currently.")
	}
	a = attribute(customPrefix+d.Name, d.AttributeDataType)
	a.Mutable = new(isTrue(d.Mutable))
	if isTrue(d.DeveloperOnlyAttribute) {
		a.Name, a.DeveloperOnlyAttribute = developerPrefix+a.Name, new(true)
	}
	switch d.AttributeDataType {
	case cognitoidp.AttributeDataTypeString:
		a.StringAttributeConstraints = orEmpty(d.StringAttributeConstraints)
	case cognitoidp.AttributeDataTypeNumber:
		a.NumberAttributeConstraints = orEmpty(d.NumberAttributeConstraints)
	}
	return a, checkConstraints(&a)
}

// checkConstraints refuses bounds that are no numbers or contradict each other.
func checkConstraints(a *cognitoidp.SchemaAttributeType) error {
	if c := a.StringAttributeConstraints; c != nil {
		shortest, longest, err := lengths(c)
		switch {
		case err != nil:
			return invalid("user.%s: %v", a.Name, err)
		case longest > maxStringLength || shortest > maxStringLength:
			return invalid("user.%s: String attributes cannot have a length of more than %d", a.Name, maxStringLength)
		case longest < shortest:
			return invalid("user.%s: Max length cannot be less than min length.", a.Name)
		}
	}
	if c := a.NumberAttributeConstraints; c != nil {
		least, most, err := bounds(c)
		switch {
		case err != nil:
			return invalid("user.%s: %v", a.Name, err)
		case least != nil && most != nil && *most < *least:
			return invalid("user.%s: Max value cannot be less than min value.", a.Name)
		}
	}
	return nil
}

// lengths returns the bounds of a string's length in characters.
func lengths(c *cognitoidp.StringAttributeConstraintsType) (shortest, longest int, err error) {
	longest = maxStringLength
	if c.MinLength != "" {
		if shortest, err = strconv.Atoi(c.MinLength); err != nil || shortest < 0 {
			return 0, 0, fmt.Errorf("MinLength is not a length.")
		}
	}
	if c.MaxLength != "" {
		if longest, err = strconv.Atoi(c.MaxLength); err != nil || longest < 0 {
			return 0, 0, fmt.Errorf("MaxLength is not a length.")
		}
	}
	return shortest, longest, nil
}

// bounds returns the bounds of a number, nil where there is none.
func bounds(c *cognitoidp.NumberAttributeConstraintsType) (least, most *float64, err error) {
	parse := func(name, text string) (*float64, error) {
		if text == "" {
			return nil, nil
		}
		n, err := parseNumber(text)
		if err != nil {
			return nil, fmt.Errorf("%s is not a number.", name)
		}
		return &n, nil
	}
	if least, err = parse("MinValue", c.MinValue); err != nil {
		return nil, nil, err
	}
	most, err = parse("MaxValue", c.MaxValue)
	return least, most, err
}

// schema is a pool's schema, ready to look things up.
type schema struct {
	list   []cognitoidp.SchemaAttributeType
	byName map[string]*cognitoidp.SchemaAttributeType
}

func newSchema(list []cognitoidp.SchemaAttributeType) schema {
	s := schema{list: list, byName: make(map[string]*cognitoidp.SchemaAttributeType, len(list))}
	for i := range list {
		s.byName[list[i].Name] = &list[i]
	}
	return s
}

// has tells whether the pool knows the attribute.
func (s schema) has(name string) bool { return s.byName[name] != nil }

// required tells whether every user must have the attribute. sub is the server's
// own business.
func (s schema) required(name string) bool {
	a := s.byName[name]
	return a != nil && name != attrSub && isTrue(a.Required)
}

// mutable tells whether the attribute may be changed once it is set.
func (s schema) mutable(name string) bool {
	a := s.byName[name]
	return a != nil && isTrue(a.Mutable)
}

// developerOnly tells whether only the administrator's operations may write it.
func developerOnly(name string) bool { return strings.HasPrefix(name, developerPrefix) }

func isTrue(b *bool) bool { return b != nil && *b }

// orEmpty returns v, or an empty value for nil.
func orEmpty[T any](v *T) *T {
	if v == nil {
		return new(T)
	}
	return v
}

// invalid is the error for a parameter that breaks a rule.
func invalid(format string, args ...any) error {
	return cognitoidp.InvalidParameterException.Newf(format, args...)
}
