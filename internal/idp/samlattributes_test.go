package idp_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/google/go-cmp/cmp"

	"pintail/internal/clock"
	"pintail/internal/idp"
	"pintail/internal/idp/idptest"
)

const (
	awsAttribute = "https://aws.amazon.com/SAML/Attributes/"
	role         = "arn:aws:iam::123456789012:role/path/Reader"
	samlProvider = "arn:aws:iam::123456789012:saml-provider/Example"
)

// said returns an assertion with attributes.
func said(t testing.TB, attributes ...idptest.SAMLAttribute) *idp.Assertion {
	t.Helper()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	a, err := validator(t, c).SAML(context.Background(), trusting(t, p), p.Respond(idptest.SAMLResponse{Attributes: attributes}))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func aws(name string, values ...string) idptest.SAMLAttribute {
	return idptest.SAMLAttribute{Name: awsAttribute + name, Values: values}
}

func TestSAMLRoles(t *testing.T) {
	t.Parallel()
	a := said(t, aws("Role", role+","+samlProvider, samlProvider+" , arn:aws-cn:iam::123456789012:role/B"))
	got, err := a.Roles()
	want := []idp.SAMLRole{{RoleARN: role, ProviderARN: samlProvider}, {RoleARN: "arn:aws-cn:iam::123456789012:role/B", ProviderARN: samlProvider}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, value := range []string{
		"", role, samlProvider, role + "," + role, samlProvider + "," + samlProvider, role + "," + samlProvider + "," + role,
		"arn:aws:sts::1:role/A," + samlProvider, role + ";" + samlProvider, "role/A," + samlProvider,
	} {
		_, err := (&idp.Assertion{Attributes: []idp.SAMLAttribute{{Name: awsAttribute + "Role", Values: []string{role + "," + samlProvider, value}}}}).Roles()
		wants(t, err, idp.ErrMalformed)
	}
	if roles, err := said(t, idptest.SAMLAttribute{Name: strings.ToLower(awsAttribute) + "role", Values: []string{role + "," + samlProvider}}).Roles(); err != nil || roles != nil {
		t.Errorf("a name in small letters gives roles %v, %v", roles, err)
	}
}

func TestSAMLSession(t *testing.T) {
	t.Parallel()
	got, err := said(t,
		aws("RoleSessionName", "anna@example.com"), aws("SessionDuration", "1800"), aws("SourceIdentity", "Anna"),
		aws("PrincipalTag:Project", "Marketing"), aws("PrincipalTag:project:sub", ""), aws("TransitiveTagKeys", "Project", "Cost Center"),
		aws("Role", role+","+samlProvider),
	).Session()
	want := &idp.SAMLSession{
		Name: "anna@example.com", Duration: 30 * time.Minute, SourceIdentity: "Anna",
		Tags: []idp.SAMLTag{{Key: "Project", Value: "Marketing"}, {Key: "project:sub"}}, TransitiveKeys: []string{"Project", "Cost Center"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	got, err = said(t, aws("RoleSessionName", "an")).Session()
	if diff := cmp.Diff(&idp.SAMLSession{Name: "an"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestSAMLSessionRefused(t *testing.T) {
	t.Parallel()
	named := idp.SAMLAttribute{Name: awsAttribute + "RoleSessionName", Values: []string{"anna"}}
	attribute := func(name string, values ...string) idp.SAMLAttribute {
		return idp.SAMLAttribute{Name: awsAttribute + name, Values: values}
	}
	session := func(attributes ...idp.SAMLAttribute) error {
		_, err := (&idp.Assertion{Attributes: attributes}).Session()
		return err
	}
	if err := session(); !errors.Is(err, idp.ErrNoSessionName) {
		t.Errorf("without a name: %v", err)
	}
	for _, name := range []string{"a", "a b", "ä", strings.Repeat("a", 65), "a/b", "anna\n"} {
		if err := session(attribute("RoleSessionName", name)); !errors.Is(err, idp.ErrBadSessionName) || !errors.Is(err, idp.ErrMalformed) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	wants(t, session(attribute("RoleSessionName", "anna", "otto")), idp.ErrMalformed)
	for _, bad := range []idp.SAMLAttribute{
		attribute("SessionDuration", "899"), attribute("SessionDuration", "43201"), attribute("SessionDuration", "1h"),
		attribute("SessionDuration", "900", "900"), attribute("SessionDuration", "-900"), attribute("SessionDuration", "99999999999999999999"),
		attribute("SourceIdentity", "a"), attribute("SourceIdentity", "a b"), attribute("SourceIdentity", "aws:anna"), attribute("SourceIdentity", "anna", "otto"),
		attribute("PrincipalTag:", "x"), attribute("PrincipalTag:a", "x", "y"), attribute("PrincipalTag:a"),
	} {
		if wants(t, session(named, bad), idp.ErrMalformed); t.Failed() {
			t.Fatal(bad)
		}
	}
	for _, good := range []string{"900", "43200"} {
		if err := session(named, attribute("SessionDuration", good)); err != nil {
			t.Error(err)
		}
	}
	tags := []idp.SAMLAttribute{named}
	for n := range 50 {
		tags = append(tags, attribute(fmt.Sprint("PrincipalTag:", n), "x"))
	}
	if err := session(tags...); err != nil {
		t.Error(err)
	}
	wants(t, session(append(tags, attribute("PrincipalTag:50", "x"))...), idp.ErrMalformed)
}

// eduPersonTargetedID holds its value in a NameID.
func TestSAMLAttributeOfNameID(t *testing.T) {
	t.Parallel()
	c := clock.Fixed(noon)
	p := idptest.NewSAML(t, c)
	v := validator(t, c)
	respond := func(f func(value *etree.Element)) (*idp.Assertion, error) {
		return v.SAML(context.Background(), trusting(t, p), p.Respond(idptest.SAMLResponse{
			Attributes: []idptest.SAMLAttribute{{Name: "urn:oid:1.3.6.1.4.1.5923.1.1.1.10", Values: []string{""}}},
			Edit:       edit(t, "./Assertion/AttributeStatement/Attribute/AttributeValue", f),
		}))
	}
	a, err := respond(func(value *etree.Element) { value.CreateElement("saml:NameID").SetText("targeted") })
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"targeted"}, a.Values("urn:oid:1.3.6.1.4.1.5923.1.1.1.10")); diff != "" {
		t.Error(diff)
	}
	_, err = respond(func(value *etree.Element) { value.CreateElement("any").SetText("targeted") })
	wants(t, err, idp.ErrMalformed)
	_, err = respond(func(value *etree.Element) {
		value.CreateElement("saml:NameID").SetText("a")
		value.CreateElement("saml:NameID").SetText("b")
	})
	wants(t, err, idp.ErrMalformed)
}
