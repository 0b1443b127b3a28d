package userpool

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/wire"
)

// secretHash returns what a client with a secret sends along with a user's name
// (Cognito developer guide, "Computing secret hash values").
func secretHash(secret, username, clientID string) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(username + clientID))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// confidential tells whether the client has a secret.
func (cl *client) confidential() bool { return len(cl.secrets) > 0 }

// checkSecretHash checks that the caller knows a secret of the client. The hash
// must be that of one of the names.
func (cl *client) checkSecretHash(given string, names ...string) error {
	switch {
	case !cl.confidential() && given == "":
		return nil
	case !cl.confidential():
		return cognitoidp.NotAuthorizedException.Newf("Client %s is not configured for secret but secret was received", cl.ClientId)
	case given == "":
		return cognitoidp.NotAuthorizedException.Newf("Client %s is configured with secret but SECRET_HASH was not received", cl.ClientId)
	}
	match := 0
	for _, secret := range cl.secrets {
		for _, name := range names {
			match |= subtle.ConstantTimeCompare([]byte(secretHash(secret, name, cl.ClientId)), []byte(given))
		}
	}
	if match != 1 {
		return cognitoidp.NotAuthorizedException.Newf("Unable to verify secret hash for client %s", cl.ClientId)
	}
	return nil
}

// callOf begins a person's call: it returns the app client, which has shown that it
// knows its secret, and the pool.
func (s *Service) callOf(ctx context.Context, c *wire.Call, clientID, secretHash, username string) (*client, *pool, error) {
	cl, p, err := s.client(ctx, clientID)
	if err != nil {
		return nil, nil, err
	}
	c.Note("pool", p.Id)
	return cl, p, cl.checkSecretHash(secretHash, username)
}

// knowsSecret tells whether a secret sent in clear is one of the client's, or
// neither is there.
func (cl *client) knowsSecret(given string) bool {
	if !cl.confidential() {
		return given == ""
	}
	match := 0
	for _, secret := range cl.secrets {
		match |= subtle.ConstantTimeCompare([]byte(secret), []byte(given))
	}
	return match == 1
}
