package access

import (
	"encoding/json"
	"errors"
	"time"

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
	AccessKeyID string              `json:"k"`
	Secret      string              `json:"s"`
	RoleARN     string              `json:"a"`           // with its path
	RoleID      string              `json:"i"`           // a role made anew under the same name is another one
	Name        string              `json:"n"`           // RoleSessionName
	Issued      int64               `json:"t"`           // Unix seconds
	Expires     int64               `json:"e"`           // Unix seconds
	Keys        map[string][]string `json:"c,omitempty"` // condition keys that stay with the session
	Policies    []string            `json:"p,omitempty"` // session policies: documents, or ARNs of built-in ones
}

// issue makes credentials for a role session. The times are whole seconds, as
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

// principal is the session as policies see it.
func (s *Service) principal(se *session, roleName string) policy.Principal {
	return policy.Principal{
		Type:    policy.AssumedRole,
		ARN:     "arn:aws:sts::" + s.account.String() + ":assumed-role/" + roleName + "/" + se.Name,
		RoleARN: se.RoleARN,
		Account: s.account.String(),
		ID:      se.RoleID + ":" + se.Name,
	}
}

// caller is who signs with the session's credentials.
func (s *Service) caller(se *session) *wire.Caller {
	held := map[string][]string{"aws:TokenIssueTime": {time.Unix(se.Issued, 0).UTC().Format(time.RFC3339)}}
	for k, v := range se.Keys {
		held[k] = v
	}
	return &wire.Caller{
		Principal:   s.principal(se, lastSegment(se.RoleARN)),
		AccessKeyID: se.AccessKeyID,
		Keys:        held,
		Session: &wire.Session{
			Policies: se.Policies,
			IssuedAt: time.Unix(se.Issued, 0).UTC(),
			Expires:  time.Unix(se.Expires, 0).UTC(),
		},
	}
}
