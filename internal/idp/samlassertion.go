package idp

import (
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

const bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

// readAssertion reads a verified assertion and judges whether it is for us and now.
func (p *SAMLProvider) readAssertion(e *etree.Element, now time.Time) (*Assertion, error) {
	a := &Assertion{ID: attribute(e, "ID"), Issuer: p.Metadata.EntityID}
	issued, err := date(e, "IssueInstant")
	switch {
	case err != nil:
		return nil, err
	case issued.IsZero():
		return nil, refuse(ErrMalformed, "the assertion does not say when it was issued")
	case now.Add(skew).Before(issued):
		return nil, refuse(ErrNotYetValid, "issued at %s, which is in the future", issued.Format(time.RFC3339))
	}
	if err := a.readConditions(e, p, now); err != nil {
		return nil, err
	}
	if err := a.readSubject(e, p, now); err != nil {
		return nil, err
	}
	if err := a.readStatements(e, now); err != nil {
		return nil, err
	}
	return a, a.readAttributes(e)
}

// window judges the NotBefore and NotOnOrAfter of an element, and returns the latter.
func window(e *etree.Element, now time.Time) (time.Time, error) {
	from, err := date(e, "NotBefore")
	if err != nil {
		return from, err
	}
	until, err := date(e, "NotOnOrAfter")
	switch {
	case err != nil:
		return until, err
	case now.Add(skew).Before(from):
		return until, refuse(ErrNotYetValid, "%s from %s", e.Tag, from.Format(time.RFC3339))
	case !until.IsZero() && !now.Before(until):
		e := refuse(ErrExpired, "%s until %s", e.Tag, until.Format(time.RFC3339))
		e.Expired = until
		return until, e
	}
	return until, nil
}

// readConditions judges the Conditions. A condition that nobody knows makes an assertion
// worthless (OASIS SAML 2.0 core, section 2.5.1).
func (a *Assertion) readConditions(e *etree.Element, p *SAMLProvider, now time.Time) error {
	conditions, err := required(e, nsAssertion, "Conditions")
	if err != nil {
		return err
	}
	if a.Expires, err = window(conditions, now); err != nil {
		return err
	}
	restricted := false
	for _, c := range conditions.ChildElements() {
		switch {
		case isElement(c, nsAssertion, "AudienceRestriction"):
			if err := a.readAudiences(c, p); err != nil {
				return err
			}
			restricted = true
		case isElement(c, nsAssertion, "OneTimeUse"), isElement(c, nsAssertion, "ProxyRestriction"):
		default:
			return refuse(ErrUnsupported, "condition %s", shown(c.Tag))
		}
	}
	if !restricted {
		return refuse(ErrAudience, "the assertion is for no audience")
	}
	return nil
}

// readAudiences demands one of our entity ids of an AudienceRestriction.
func (a *Assertion) readAudiences(restriction *etree.Element, p *SAMLProvider) error {
	ours := false
	var named []string
	for _, e := range children(restriction, nsAssertion, "Audience") {
		audience, err := text(e)
		if err != nil {
			return err
		}
		named = append(named, audience)
		ours = ours || audience != "" && slices.Contains(p.Audiences, audience)
	}
	if !ours {
		return refuse(ErrAudience, "made for %s", shown(strings.Join(named, " ")))
	}
	a.Audiences = append(a.Audiences, named...)
	return nil
}

// readSubject reads whom the assertion is about, and demands a confirmation that its
// bearer may use it here and now (OASIS SAML 2.0 profiles, section 4.1.4.2).
func (a *Assertion) readSubject(e *etree.Element, p *SAMLProvider, now time.Time) error {
	subject, err := required(e, nsAssertion, "Subject")
	if err != nil {
		return err
	}
	name, err := required(subject, nsAssertion, "NameID")
	if err != nil {
		return err
	}
	a.NameID = NameID{
		Format: attribute(name, "Format"), NameQualifier: attribute(name, "NameQualifier"),
		SPNameQualifier: attribute(name, "SPNameQualifier"),
	}
	if a.NameID.Value, err = text(name); err != nil {
		return err
	}
	if a.NameID.Value == "" {
		return refuse(ErrMalformed, "the subject has no name")
	}
	return a.readConfirmations(subject, p, now)
}

// readConfirmations demands that one of the confirmations holds.
func (a *Assertion) readConfirmations(subject *etree.Element, p *SAMLProvider, now time.Time) error {
	var reason error = refuse(ErrMalformed, "no confirmation of its bearer")
	confirmed := false
	for _, c := range children(subject, nsAssertion, "SubjectConfirmation") {
		if attribute(c, "Method") != bearer {
			continue
		}
		data, err := required(c, nsAssertion, "SubjectConfirmationData")
		if err != nil {
			return err
		}
		until, err := date(data, "NotOnOrAfter")
		if err != nil {
			return err
		}
		if until.After(a.usable) {
			a.usable = until
		}
		if confirmed {
			continue
		}
		if reason = a.confirm(data, p, now); reason == nil {
			confirmed = true
		}
	}
	return reason
}

// confirm judges the data of one confirmation.
func (a *Assertion) confirm(data *etree.Element, p *SAMLProvider, now time.Time) error {
	until, err := window(data, now)
	if err != nil {
		return err
	}
	to, answers := attribute(data, "Recipient"), attribute(data, "InResponseTo")
	switch {
	case until.IsZero():
		return refuse(ErrMalformed, "a confirmation without end")
	case to == "" || !slices.Contains(p.Recipients, to):
		return refuse(ErrAudience, "for recipient %s", shown(to))
	case p.InResponseTo != "" && answers != p.InResponseTo:
		return refuse(ErrMalformed, "the assertion answers another request")
	}
	a.Recipient, a.InResponseTo = to, answers
	if a.Expires.IsZero() || until.Before(a.Expires) {
		a.Expires = until
	}
	return nil
}

// readStatements reads how long the session at the provider lasts, and demands that the
// assertion is about a sign-in at all.
func (a *Assertion) readStatements(e *etree.Element, now time.Time) error {
	statements := children(e, nsAssertion, "AuthnStatement")
	if len(statements) == 0 {
		return refuse(ErrMalformed, "the assertion is about no sign-in")
	}
	for _, s := range statements {
		ends, err := date(s, "SessionNotOnOrAfter")
		if err != nil {
			return err
		}
		if !ends.IsZero() && (a.SessionEnds.IsZero() || ends.Before(a.SessionEnds)) {
			a.SessionEnds = ends
		}
	}
	a.SessionIndex = attribute(statements[0], "SessionIndex")
	if !a.SessionEnds.IsZero() && !now.Before(a.SessionEnds) {
		refused := refuse(ErrExpired, "the session at the provider ended at %s", a.SessionEnds.Format(time.RFC3339))
		refused.Expired = a.SessionEnds
		return refused
	}
	return nil
}
