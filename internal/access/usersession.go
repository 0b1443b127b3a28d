package access

import (
	"context"
	"strings"
	"time"

	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

const (
	// longSession is how long the sessions of GetSessionToken and GetFederationToken last
	// unless the caller says otherwise.
	longSession = 12 * time.Hour
	// maxRootSession is how long those of the root user last at most.
	maxRootSession = time.Hour
)

// checkSession refuses what temporary credentials cannot be used for, whatever the
// policies say (IAM user guide, "Compare AWS STS credentials").
func checkSession(caller *wire.Caller, action string) error {
	if caller.Session == nil || caller.Type == policy.AssumedRole {
		return nil
	}
	service, operation, _ := strings.Cut(action, ":")
	if service == "iam" || service == "sts" && (caller.Type == policy.FederatedUser || operation != "AssumeRole") {
		return errSessionCredentials(operation)
	}
	return nil
}

func errSessionCredentials(operation string) error {
	return wire.AccessDenied.Newf("Cannot call %s with session credentials", operation)
}

// errNoMFA refuses the codes of devices, which this server does not have.
func errNoMFA() error {
	return wire.AccessDenied.New("MultiFactorAuthentication failed, unable to validate MFA code. Please verify your MFA serial number is valid and associated with this user.")
}

// longTermOwner returns the owner of the long-term key that signed, as sessions name it.
func longTermOwner(c *wire.Call) (string, error) {
	switch {
	case c.Caller.Session != nil:
		return "", errSessionCredentials(c.Op.Name)
	case c.Caller.Type == policy.Root:
		return rootOwner, nil
	}
	return c.Caller.ID, nil
}

// userLifetime is how long a session of a user lasts; that of the root user is cut.
func userLifetime(seconds *int32, owner string) time.Duration {
	if owner != rootOwner {
		return lifetime(seconds, longSession)
	}
	return min(lifetime(seconds, maxRootSession), maxRootSession)
}

// getSessionToken implements GetSessionToken, which needs no permission: temporary
// credentials of the user.
func (s *Service) getSessionToken(_ context.Context, c *wire.Call, in *sts.GetSessionTokenRequest) (*sts.GetSessionTokenResponse, error) {
	owner, err := longTermOwner(c)
	if err != nil {
		return nil, err
	}
	if in.SerialNumber != "" || in.TokenCode != "" {
		return nil, errNoMFA()
	}
	granted, err := s.issue(session{Kind: ofUser, ID: owner}, c.Time, userLifetime(in.DurationSeconds, owner))
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenResponse{Credentials: granted.show()}, nil
}

// getFederationToken implements GetFederationToken: credentials for somebody who is no
// user here, with what both the user's policies and the session's allow.
func (s *Service) getFederationToken(ctx context.Context, c *wire.Call, in *sts.GetFederationTokenRequest) (*sts.GetFederationTokenResponse, error) {
	owner, err := longTermOwner(c)
	if err != nil {
		return nil, err
	}
	a := &assumeCall{Call: c}
	tags, err := a.sessionTags(in.Tags, nil)
	if err != nil {
		return nil, err
	}
	narrowed, err := s.narrow(ctx, in.Policy, in.PolicyArns)
	if err != nil {
		return nil, err
	}
	se := session{Kind: ofFederatedUser, ID: owner, Name: in.Name, Keys: map[string][]string{}, Policies: narrowed.policies}
	tags.hold(se.Keys)
	granted, err := s.issue(se, c.Time, userLifetime(in.DurationSeconds, owner))
	if err != nil {
		return nil, err
	}
	who := s.federatedPrincipal(in.Name)
	packed := narrowed.packed()
	if packed == nil {
		packed = new(int32(0))
	}
	return &sts.GetFederationTokenResponse{
		Credentials: granted.show(), FederatedUser: &sts.FederatedUser{FederatedUserId: who.ID, Arn: who.ARN}, PackedPolicySize: packed,
	}, nil
}

// everything allows all that a session's own policies allow: the root user has no others.
var everything = &standing{policies: []policy.Named{{Name: "root user", Document: allowing("*")}}}

// ownerStanding returns the standing of whoever made a federated user's session; nil if
// the user is gone.
func (s *Service) ownerStanding(ctx context.Context, owner string) (*standing, error) {
	if owner == rootOwner {
		return everything, nil
	}
	return s.userStanding(ctx, owner)
}
