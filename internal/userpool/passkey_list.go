package userpool

import (
	"cmp"
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/passkey"
	"pintail/internal/wire"
)

// listWebAuthnCredentials implements ListWebAuthnCredentials, in the order of
// creation.
func (s *Service) listWebAuthnCredentials(ctx context.Context, c *wire.Call, in *cognitoidp.ListWebAuthnCredentialsRequest) (*cognitoidp.ListWebAuthnCredentialsResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	walk := []string{"ListWebAuthnCredentials", b.claims.Sub}
	after, err := s.pages.Open(in.NextToken, b.pool.Id, walk...)
	if err != nil {
		return nil, errPageToken()
	}
	limit := cmp.Or(int(*orNumber(in.MaxResults, maxPasskeys)), maxPasskeys)
	out := &cognitoidp.ListWebAuthnCredentialsResponse{Credentials: []cognitoidp.WebAuthnCredentialDescription{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		q := store.Query{Index: "user", Match: store.Prefix(passkeysOf(u.Sub)), After: after, Limit: limit}
		page, next, err := passkeys.List(tx, b.pool.Id, q)
		for _, r := range page {
			out.Credentials = append(out.Credentials, cognitoidp.WebAuthnCredentialDescription{
				CredentialId: passkey.Encode(r.ID), FriendlyCredentialName: r.FriendlyName(), RelyingPartyId: r.RelyingParty,
				AuthenticatorAttachment: r.Attachment, AuthenticatorTransports: r.Transports, CreatedAt: r.Created,
			})
		}
		out.NextToken = s.pages.Seal(next, b.pool.Id, walk...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// deleteWebAuthnCredential implements DeleteWebAuthnCredential.
func (s *Service) deleteWebAuthnCredential(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteWebAuthnCredentialRequest) (*cognitoidp.DeleteWebAuthnCredentialResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	credential, malformed := passkey.Decode(in.CredentialId)
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		if malformed != nil {
			return errNoPasskey()
		}
		id := passkeyID(credential)
		found, err := passkeys.Get(tx, b.pool.Id, id)
		if errors.Is(err, store.ErrNotFound) || err == nil && found.User != u.Sub {
			return errNoPasskey()
		}
		if err != nil {
			return err
		}
		if err := passkeys.Delete(tx, b.pool.Id, id); err != nil {
			return err
		}
		u.Passkeys--
		return users.Put(tx, b.pool.Id, u.key(b.pool), u)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.DeleteWebAuthnCredentialResponse{}, nil
}

func errNoPasskey() error {
	return cognitoidp.ResourceNotFoundException.New("The passkey does not exist.")
}
