package userpool

import (
	"context"
	"errors"
	"net/url"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxTerms is how many terms documents a pool can have (Cognito developer guide,
// "Quotas").
const maxTerms = 40

// terms are the documents that an app client's sign-up page links to. The pool owns
// them; an app client has one of each name.
var terms = store.NewCollection("terms",
	store.Unique("name", func(t *cognitoidp.TermsType) string { return t.ClientId + " " + t.TermsName }))

// createTerms implements CreateTerms.
func (s *Service) createTerms(ctx context.Context, c *wire.Call, in *cognitoidp.CreateTermsRequest) (*cognitoidp.CreateTermsResponse, error) {
	if err := checkLinks(in.Links); err != nil {
		return nil, err
	}
	now := c.Time.Truncate(time.Millisecond)
	made := &cognitoidp.TermsType{
		TermsId: ids.UUID(), UserPoolId: in.UserPoolId, ClientId: in.ClientId, TermsName: in.TermsName,
		TermsSource: in.TermsSource, Enforcement: in.Enforcement, Links: in.Links, CreationDate: now, LastModifiedDate: now,
	}
	err := s.update(ctx, func(tx store.Tx) error {
		if _, err := s.clientRecord(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		if err := checkRoom(tx, terms, in.UserPoolId, maxTerms, "terms documents"); err != nil {
			return err
		}
		return errTermsExist(terms.Insert(tx, in.UserPoolId, made.TermsId, made), in.TermsName)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateTermsResponse{Terms: made}, nil
}

// describeTerms implements DescribeTerms.
func (s *Service) describeTerms(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeTermsRequest) (*cognitoidp.DescribeTermsResponse, error) {
	out := new(cognitoidp.DescribeTermsResponse)
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		out.Terms, err = terms.Get(tx, in.UserPoolId, in.TermsId)
		return errNoTerms(err, in.TermsId)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// updateTerms implements UpdateTerms: what is left out stays as it is.
func (s *Service) updateTerms(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateTermsRequest) (*cognitoidp.UpdateTermsResponse, error) {
	if err := checkLinks(in.Links); err != nil {
		return nil, err
	}
	out := new(cognitoidp.UpdateTermsResponse)
	err := s.update(ctx, func(tx store.Tx) (err error) {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		out.Terms, err = terms.Modify(tx, in.UserPoolId, in.TermsId, func(t *cognitoidp.TermsType) error {
			t.TermsName = or(in.TermsName, t.TermsName)
			t.TermsSource = or(in.TermsSource, t.TermsSource)
			t.Enforcement = or(in.Enforcement, t.Enforcement)
			if in.Links != nil {
				t.Links = in.Links
			}
			t.LastModifiedDate = c.Time.Truncate(time.Millisecond)
			return nil
		})
		return errTermsExist(errNoTerms(err, in.TermsId), in.TermsName)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// deleteTerms implements DeleteTerms.
func (s *Service) deleteTerms(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteTermsRequest) (*model.Empty, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		return errNoTerms(terms.Delete(tx, in.UserPoolId, in.TermsId), in.TermsId)
	})
}

// listTerms implements ListTerms.
func (s *Service) listTerms(ctx context.Context, c *wire.Call, in *cognitoidp.ListTermsRequest) (out *cognitoidp.ListTermsResponse, err error) {
	out = &cognitoidp.ListTermsResponse{Terms: []cognitoidp.TermsDescriptionType{}}
	out.NextToken, err = listPage(ctx, s, c, terms, in.UserPoolId, in.NextToken, pageSize(in.MaxResults), func(t *cognitoidp.TermsType) {
		out.Terms = append(out.Terms, cognitoidp.TermsDescriptionType{
			TermsId: t.TermsId, TermsName: t.TermsName, Enforcement: t.Enforcement,
			CreationDate: t.CreationDate, LastModifiedDate: t.LastModifiedDate,
		})
	})
	return out, err
}

// deleteTermsOf removes the terms of an app client.
func deleteTermsOf(tx store.Tx, poolID, clientID string) error {
	q := store.Query{Index: "name", Match: store.Prefix(clientID + " "), Limit: maxTerms}
	page, _, err := terms.List(tx, poolID, q)
	for _, t := range page {
		err = errors.Join(err, terms.Delete(tx, poolID, t.TermsId))
	}
	return err
}

// checkLinks refuses what a browser could not follow, or should not.
func checkLinks(links map[string]string) error {
	for language, link := range links {
		u, err := url.Parse(link)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return invalid("The link for %s is not a URL such as https://example.org/terms.", language)
		}
	}
	return nil
}

func errNoTerms(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return cognitoidp.ResourceNotFoundException.Newf("Terms %s do not exist.", id)
	}
	return err
}

func errTermsExist(err error, name string) error {
	if _, ok := errors.AsType[*store.ConflictError](err); ok {
		return cognitoidp.TermsExistsException.Newf("Terms named %s already exist for the app client.", name)
	}
	return err
}
