package userpool_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

func TestStandardSchema(t *testing.T) {
	t.Parallel()
	w := boot(t)
	// name, type, bounds; mutable and optional unless a mark says otherwise.
	want := `sub String 1-2048 immutable required
name String 0-2048
given_name String 0-2048
family_name String 0-2048
middle_name String 0-2048
nickname String 0-2048
preferred_username String 0-2048
profile String 0-2048
picture String 0-2048
website String 0-2048
email String 0-2048
email_verified Boolean
gender String 0-2048
birthdate String 10-10
zoneinfo String 0-2048
locale String 0-2048
phone_number String 0-2048
phone_number_verified Boolean
address String 0-2048
updated_at Number 0-
custom:tier String 2-5
custom:age Number 18-
dev:custom:note String - immutable
identities String -`
	p := w.pool(func(in *idp.CreateUserPoolInput) {
		in.Schema = []types.SchemaAttributeType{
			{Name: aws.String("tier"), AttributeDataType: "String", Mutable: aws.Bool(true), StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: aws.String("2"), MaxLength: aws.String("5")}},
			{Name: aws.String("age"), AttributeDataType: "Number", Mutable: aws.Bool(true), NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: aws.String("18")}},
			{Name: aws.String("note"), AttributeDataType: "String", DeveloperOnlyAttribute: aws.Bool(true)},
		}
	})
	var lines []string
	for _, a := range p.SchemaAttributes {
		line := *a.Name + " " + string(a.AttributeDataType)
		if c := a.StringAttributeConstraints; c != nil {
			line += " " + aws.ToString(c.MinLength) + "-" + aws.ToString(c.MaxLength)
		}
		if c := a.NumberAttributeConstraints; c != nil {
			line += " " + aws.ToString(c.MinValue) + "-" + aws.ToString(c.MaxValue)
		}
		if !*a.Mutable {
			line += " immutable"
		}
		if *a.Required {
			line += " required"
		}
		if *a.DeveloperOnlyAttribute != strings.HasPrefix(*a.Name, "dev:") {
			t.Errorf("%s: DeveloperOnlyAttribute is %v", *a.Name, *a.DeveloperOnlyAttribute)
		}
		lines = append(lines, line)
	}
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSchemaRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	bounds := func(least, most string) *types.StringAttributeConstraintsType {
		return &types.StringAttributeConstraintsType{MinLength: aws.String(least), MaxLength: aws.String(most)}
	}
	tests := []struct {
		name      string
		attribute types.SchemaAttributeType
		message   string
	}{
		{"type of a standard attribute", types.SchemaAttributeType{Name: aws.String("email"), AttributeDataType: "Number"},
			"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute email"},
		{"developer-only standard attribute", types.SchemaAttributeType{Name: aws.String("name"), DeveloperOnlyAttribute: aws.Bool(true)},
			"You can not change AttributeDataType or set developerOnlyAttribute for standard schema attribute name"},
		{"required custom", types.SchemaAttributeType{Name: aws.String("x"), AttributeDataType: "String", Required: aws.Bool(true)},
			"Required custom attributes are not supported currently."},
		{"no type", types.SchemaAttributeType{Name: aws.String("x")},
			"Invalid AttributeDataType input, consider using the provided AttributeDataType enum."},
		{"too long", types.SchemaAttributeType{Name: aws.String("x"), AttributeDataType: "String", StringAttributeConstraints: bounds("0", "2049")},
			"user.custom:x: String attributes cannot have a length of more than 2048"},
		{"upside down", types.SchemaAttributeType{Name: aws.String("x"), AttributeDataType: "String", StringAttributeConstraints: bounds("5", "2")},
			"user.custom:x: Max length cannot be less than min length."},
		{"not a length", types.SchemaAttributeType{Name: aws.String("x"), AttributeDataType: "String", StringAttributeConstraints: bounds("-1", "2")},
			"user.custom:x: MinLength is not a length."},
		{"mutable sub", types.SchemaAttributeType{Name: aws.String("sub"), Mutable: aws.Bool(true)},
			"sub: Mutable and Required cannot be changed for this attribute."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("x"), Schema: []types.SchemaAttributeType{test.attribute}})
			wants(t, err, invalidParameter, test.message)
		})
	}
	twice := types.SchemaAttributeType{Name: aws.String("x"), AttributeDataType: "String"}
	_, err := w.CreateUserPool(t.Context(), &idp.CreateUserPoolInput{PoolName: aws.String("x"), Schema: []types.SchemaAttributeType{twice, twice}})
	wants(t, err, invalidParameter, "custom:x: Existing attribute already has name custom:x.")
}
