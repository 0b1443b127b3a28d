package access

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/sigv4"
	"pintail/internal/wire"
)

// Credentials are temporary: what STS and identity pools give out.
type Credentials struct {
	AccessKeyID string
	Secret      string
	Token       string
	Expires     time.Time
}

// session is what a session token says, sealed: whose the credentials are and
// how they are narrowed.
type session struct {
	AccessKeyID string      `json:"k"`
	Secret      string      `json:"s"`
	Kind        sessionKind `json:"y,omitempty"`
	RoleARN     string      `json:"a,omitempty"` // of a role's session, with its path
	// ID is the role's unique id, since a role made anew under the same name is another
	// one, or the user's, or rootOwner.
	ID         string              `json:"i"`
	Name       string              `json:"n,omitempty"` // RoleSessionName, or the federated user's name
	Issued     int64               `json:"t"`           // Unix seconds
	Expires    int64               `json:"e"`           // Unix seconds
	Keys       map[string][]string `json:"c,omitempty"` // condition keys that stay with the session
	Policies   []string            `json:"p,omitempty"` // session policies: documents, or ARNs of built-in ones
	Transitive map[string]string   `json:"x,omitempty"` // tags that stay with the roles it assumes
}

// sessionKind says whose a session is.
type sessionKind string

const (
	ofRole          sessionKind = ""
	ofUser          sessionKind = "u" // GetSessionToken
	ofFederatedUser sessionKind = "f" // GetFederationToken
)

// issue makes the credentials of a session. The times are whole seconds, as
// every AWS answer shows them.
func (s *Service) issue(se session, now time.Time, lifetime time.Duration) (Credentials, error) {
	expires := now.Add(lifetime).Truncate(time.Second)
	se.AccessKeyID = s.account.NewID(ids.TemporaryAccessKey)
	se.Secret = ids.SecretAccessKey()
	se.Issued, se.Expires = now.Unix(), expires.Unix()
	text, err := json.Marshal(se)
	if err != nil {
		return Credentials{}, err
	}
	return Credentials{
		AccessKeyID: se.AccessKeyID,
		Secret:      se.Secret,
		Token:       s.sessions.SealToken(expires, text, se.AccessKeyID),
		Expires:     expires,
	}, nil
}

// openSession reads a session token that came with an access key. Its errors
// are those that sigv4 wants from a look-up.
func (s *Service) openSession(accessKeyID, token string) (*session, error) {
	text, err := s.sessions.OpenToken(s.clock.Now(), token, accessKeyID)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return nil, sigv4.ErrExpiredToken
	case err != nil:
		return nil, sigv4.ErrBadToken
	}
	var se session
	if err := json.Unmarshal(text, &se); err != nil || se.AccessKeyID != accessKeyID {
		return nil, sigv4.ErrBadToken
	}
	return &se, nil
}

// rolePrincipal is the session of a role as policies see it.
func (s *Service) rolePrincipal(se *session, roleName string) policy.Principal {
	return policy.Principal{
		Type:    policy.AssumedRole,
		ARN:     "arn:aws:sts::" + s.account.String() + ":assumed-role/" + roleName + "/" + se.Name,
		RoleARN: se.RoleARN,
		Account: s.account.String(),
		ID:      se.ID + ":" + se.Name,
	}
}

// federatedPrincipal is the session of a federated user as policies see it.
func (s *Service) federatedPrincipal(name string) policy.Principal {
	account := s.account.String()
	return policy.Principal{
		Type: policy.FederatedUser, ARN: "arn:aws:sts::" + account + ":federated-user/" + name, Account: account, ID: account + ":" + name,
	}
}

// caller is who signs with the session's credentials.
func (s *Service) caller(ctx context.Context, se *session) (*wire.Caller, error) {
	c := &wire.Caller{
		AccessKeyID: se.AccessKeyID,
		Keys:        map[string][]string{"aws:TokenIssueTime": {time.Unix(se.Issued, 0).UTC().Format(time.RFC3339)}},
		Session: &wire.Session{
			Policies: se.Policies, IssuedAt: time.Unix(se.Issued, 0).UTC(), Expires: time.Unix(se.Expires, 0).UTC(), Transitive: se.Transitive,
		},
	}
	tags, err := s.identify(ctx, c, se)
	if err != nil {
		return nil, err
	}
	for _, held := range []map[string][]string{tagKeys(tags), se.Keys} { // the session's tags win
		for k, v := range held {
			c.Keys[k] = v
		}
	}
	return c, nil
}

// identify tells a caller by whose session it is, and returns the tags of the role or
// user.
func (s *Service) identify(ctx context.Context, c *wire.Caller, se *session) (tags []iam.Tag, err error) {
	switch {
	case se.Kind == ofRole:
		c.Principal = s.rolePrincipal(se, lastSegment(se.RoleARN))
		r, err := s.findRole(ctx, lastSegment(se.RoleARN))
		if err != nil || r == nil || r.ID != se.ID {
			return nil, err // without a role there are no permissions
		}
		return r.Tags, nil
	case se.Kind == ofFederatedUser:
		c.Principal, c.Session.Owner = s.federatedPrincipal(se.Name), se.ID
		return nil, nil
	case se.ID == rootOwner:
		c.Principal = s.root(se.AccessKeyID).Principal
		return nil, nil
	}
	st, err := s.userStanding(ctx, se.ID)
	if err == nil && st == nil { // deleted
		err = sigv4.ErrBadToken
	}
	if err != nil {
		return nil, err
	}
	c.Principal = s.userPrincipal(&st.identity)
	return st.identity.Tags, nil
}
