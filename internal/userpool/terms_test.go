package userpool_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	termsOfUse    = "terms-of-use"
	privacyPolicy = "privacy-policy"
)

// terms makes a terms document for an app client.
func (w *world) terms(pool *types.UserPoolType, app *types.UserPoolClientType, name, link string) (*types.TermsType, error) {
	out, err := w.CreateTerms(w.t.Context(), &idp.CreateTermsInput{
		UserPoolId: pool.Id, ClientId: app.ClientId, TermsName: &name, TermsSource: "LINK", Enforcement: "NONE",
		Links: map[string]string{"cognito:default": link},
	})
	if err != nil {
		return nil, err
	}
	return out.Terms, nil
}

func TestTerms(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		p := w.pool()
		app, other := w.app(p), w.app(p)
		made, err := w.terms(p, app, termsOfUse, "https://example.org/terms")
		if err != nil {
			t.Fatal(err)
		}
		describe := func() *types.TermsType {
			t.Helper()
			out, err := w.DescribeTerms(ctx, &idp.DescribeTermsInput{UserPoolId: p.Id, TermsId: made.TermsId})
			if err != nil {
				t.Fatal(err)
			}
			return out.Terms
		}
		plain := cmpopts.IgnoreUnexported(types.TermsType{})
		if diff := cmp.Diff(made, describe(), plain); diff != "" {
			t.Error("described:", diff)
		}
		want := types.TermsType{
			TermsId: made.TermsId, UserPoolId: p.Id, ClientId: app.ClientId, TermsName: aws.String(termsOfUse), TermsSource: "LINK", Enforcement: "NONE",
			Links: map[string]string{"cognito:default": "https://example.org/terms"}, CreationDate: made.CreationDate, LastModifiedDate: made.CreationDate,
		}
		if diff := cmp.Diff(&want, made, plain); diff != "" || made.CreationDate == nil {
			t.Error("answer:", diff)
		}
		_, err = w.terms(p, app, termsOfUse, "https://example.org/again")
		wants(t, err, "TermsExistsException", "Terms named terms-of-use already exist for the app client.")
		if _, err := w.terms(p, other, termsOfUse, "https://example.org/other"); err != nil {
			t.Error("another client's:", err)
		}

		links := map[string]string{"cognito:default": "https://example.org/en", "cognito:german": "https://example.org/de"}
		updated, err := w.UpdateTerms(ctx, &idp.UpdateTermsInput{UserPoolId: p.Id, TermsId: made.TermsId, Links: links})
		if err != nil {
			t.Fatal(err)
		}
		want.Links, want.LastModifiedDate = links, updated.Terms.LastModifiedDate
		if diff := cmp.Diff(&want, updated.Terms, plain); diff != "" || !updated.Terms.LastModifiedDate.After(*made.CreationDate) {
			t.Error("updated:", diff)
		}
		policy, err := w.terms(p, app, privacyPolicy, "https://example.org/privacy")
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.UpdateTerms(ctx, &idp.UpdateTermsInput{UserPoolId: p.Id, TermsId: made.TermsId, TermsName: aws.String(privacyPolicy)})
		wants(t, err, "TermsExistsException", "Terms named privacy-policy already exist for the app client.")
		if diff := cmp.Diff(&want, describe(), plain); diff != "" {
			t.Error("after a refusal:", diff)
		}

		if _, err := w.DeleteTerms(ctx, &idp.DeleteTermsInput{UserPoolId: p.Id, TermsId: policy.TermsId}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DeleteTerms(ctx, &idp.DeleteTermsInput{UserPoolId: p.Id, TermsId: policy.TermsId})
		wants(t, err, "ResourceNotFoundException", "Terms "+*policy.TermsId+" do not exist.")
		// They go with the client.
		if _, err := w.DeleteUserPoolClient(ctx, &idp.DeleteUserPoolClientInput{UserPoolId: p.Id, ClientId: app.ClientId}); err != nil {
			t.Fatal(err)
		}
		_, err = w.DescribeTerms(ctx, &idp.DescribeTermsInput{UserPoolId: p.Id, TermsId: made.TermsId})
		wants(t, err, "ResourceNotFoundException", "Terms "+*made.TermsId+" do not exist.")
	})
}

func TestListTerms(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	var made []string
	for range 20 {
		app := w.app(p)
		for _, name := range []string{termsOfUse, privacyPolicy} {
			one, err := w.terms(p, app, name, "https://example.org/")
			if err != nil {
				t.Fatal(err)
			}
			made = append(made, *one.TermsId)
		}
	}
	_, err := w.terms(p, w.app(p), termsOfUse, "https://example.org/")
	wants(t, err, "LimitExceededException", "A user pool can have at most 40 terms documents.")

	var listed []string
	in := &idp.ListTermsInput{UserPoolId: p.Id, MaxResults: aws.Int32(15)}
	for {
		out, err := w.ListTerms(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range out.Terms {
			listed = append(listed, *one.TermsId)
			if one.CreationDate == nil || one.LastModifiedDate == nil || one.Enforcement != "NONE" || *one.TermsName != termsOfUse && *one.TermsName != privacyPolicy {
				t.Errorf("listed %+v", one)
			}
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	slices.Sort(made)
	slices.Sort(listed)
	if diff := cmp.Diff(made, listed); diff != "" {
		t.Error(diff)
	}
	_, err = w.ListTerms(t.Context(), &idp.ListTermsInput{UserPoolId: p.Id, NextToken: aws.String("x")})
	wants(t, err, invalidParameter, "Invalid pagination token.")
}

func TestTermsRefusals(t *testing.T) {
	t.Parallel()
	w := boot(t)
	p := w.pool()
	other := w.app(w.pool())
	_, err := w.terms(p, other, termsOfUse, "https://example.org/")
	wants(t, err, "ResourceNotFoundException", "User pool client "+*other.ClientId+" does not exist.")
	for _, link := range []string{"javascript:alert(1)", "example.org", "https:///x", "%"} {
		_, err := w.terms(p, w.app(p), termsOfUse, link)
		wants(t, err, invalidParameter, "The link for cognito:default is not a URL such as https://example.org/terms.")
	}
	_, err = w.UpdateTerms(t.Context(), &idp.UpdateTermsInput{UserPoolId: p.Id, TermsId: aws.String("01234567-89ab-4def-8123-456789abcdef")})
	wants(t, err, "ResourceNotFoundException", "Terms 01234567-89ab-4def-8123-456789abcdef do not exist.")
}
