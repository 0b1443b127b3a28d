package access

import (
	"context"
	"errors"

	"pintail/internal/gen/iam"
	"pintail/internal/policy"
	"pintail/internal/store"
)

// standing is what the policies of an identity let it do, compiled: its own, those of its
// groups, and the boundary.
type standing struct {
	identity identity
	policies []policy.Named
	boundary []policy.Named
}

// parsed is a document as it was written, and as what.
type parsed struct {
	kind policy.Kind
	text string
}

// document compiles a document, or remembers how it was compiled: a text means the same
// for ever. Stored documents have been validated when they were saved, so a failure is a
// damaged store.
func (s *Service) document(kind policy.Kind, text string) (*policy.Document, error) {
	return s.documents.Load(parsed{kind, text}, func(old *policy.Document) (*policy.Document, error) {
		if old != nil {
			return old, nil
		}
		return policy.Parse([]byte(text), kind)
	})
}

// stand compiles the policies of an identity itself.
func (s *Service) stand(tx store.Tx, i *identity, noun string) (*standing, error) {
	st := &standing{identity: *i}
	for _, p := range i.Policies {
		document, err := s.document(policy.Identity, p.Document)
		if err != nil {
			return nil, err
		}
		st.policies = append(st.policies, policy.Named{Name: "inline " + p.Name + " on " + noun + " " + i.Name, Document: document})
	}
	attached, err := s.attachmentsOf(tx, i.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range attached {
		m, err := s.findPolicy(tx, a.ARN)
		if err != nil {
			return nil, err
		}
		document, err := s.document(policy.Managed, m.current())
		if err != nil {
			return nil, err
		}
		named := policy.Named{Name: m.ARN, Document: document}
		if a.Boundary {
			st.boundary = append(st.boundary, named)
		} else {
			st.policies = append(st.policies, named)
		}
	}
	return st, nil
}

// standUser compiles the policies of a user and of the groups that the user is in.
func (s *Service) standUser(tx store.Tx, u *user) (*standing, error) {
	st, err := s.stand(tx, &u.identity, users.noun)
	if err != nil {
		return nil, err
	}
	in, err := groupsOf(tx, s.account.String(), u.ID)
	if err != nil {
		return nil, err
	}
	for _, id := range in {
		g, err := groups.GetBy(tx, s.account.String(), "unique", id)
		if err != nil {
			return nil, err
		}
		of, err := s.stand(tx, &g.identity, groups.noun)
		if err != nil {
			return nil, err
		}
		st.policies = append(st.policies, of.policies...)
	}
	return st, nil
}

// userStanding returns the standing of the user with a unique id, nil if there is none.
func (s *Service) userStanding(ctx context.Context, id string) (*standing, error) {
	return s.standings.Load(id, func(*standing) (st *standing, err error) {
		err = s.db.View(ctx, func(tx store.Tx) error {
			u, err := s.userByID(tx, id)
			if err != nil {
				return err
			}
			st, err = s.standUser(tx, u)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		return st, err
	})
}

// tagKeys are the condition keys that the tags of a principal make.
func tagKeys(tags []iam.Tag) map[string][]string {
	held := make(map[string][]string, len(tags))
	for _, tag := range tags {
		held["aws:PrincipalTag/"+tag.Key] = []string{tag.Value}
	}
	return held
}
