package access

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/wire"
)

// getCallerIdentity implements GetCallerIdentity, which no policy can deny.
func (s *Service) getCallerIdentity(_ context.Context, c *wire.Call, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	return &sts.GetCallerIdentityResponse{Account: s.account.String(), Arn: c.Caller.ARN, UserId: c.Caller.ID}, nil
}

const (
	defaultSession = 3600 // seconds
	notAuthorized  = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
)

// assumeRoleWithWebIdentity implements AssumeRoleWithWebIdentity: the caller
// has no credentials, and only the role's trust policy decides.
func (s *Service) assumeRoleWithWebIdentity(ctx context.Context, c *wire.Call, in *sts.AssumeRoleWithWebIdentityRequest) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	who, err := s.readToken(ctx, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	if len(in.PolicyArns) > 0 {
		return nil, sts.MalformedPolicyDocumentException.New("Managed session policies are not supported by this server.")
	}
	a := Assumption{RoleARN: in.RoleArn, SessionName: in.RoleSessionName, Lifetime: defaultSession * time.Second}
	if in.DurationSeconds != nil {
		a.Lifetime = time.Duration(*in.DurationSeconds) * time.Second
	}
	var packed *int32
	if in.Policy != "" {
		if _, err := policy.Parse([]byte(in.Policy), policy.Session); err != nil {
			return nil, malformedSession(err)
		}
		a.Policies = []string{in.Policy}
		packed = new(int32(min(100, 1+len(in.Policy)*100/2048)))
	}
	granted, err := s.AssumeWithWebIdentity(ctx, c, who, a)
	switch {
	case errors.Is(err, ErrNotTrusted):
		return nil, wire.AccessDenied.New(notAuthorized)
	case errors.Is(err, ErrTooLong):
		return nil, wire.ValidationError.New("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case err != nil:
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: &sts.Credentials{
			AccessKeyId: granted.AccessKeyID, SecretAccessKey: granted.Secret,
			SessionToken: granted.Token, Expiration: granted.Expires,
		},
		AssumedRoleUser:             &sts.AssumedRoleUser{AssumedRoleId: granted.RoleID, Arn: granted.ARN},
		SubjectFromWebIdentityToken: who.Subject,
		Provider:                    who.Provider,
		Audience:                    who.Audience,
		PackedPolicySize:            packed,
	}, nil
}

// readToken asks every provider in turn.
func (s *Service) readToken(ctx context.Context, token string) (WebIdentity, error) {
	for _, reader := range s.webIdentity {
		who, err := reader.ReadToken(ctx, token)
		switch {
		case errors.Is(err, ErrForeignToken):
			continue
		case errors.Is(err, ErrTokenExpired):
			return who, sts.ExpiredTokenException.New("The web identity token that was passed is expired.")
		case err != nil:
			return who, sts.InvalidIdentityTokenException.New("The web identity token that was passed could not be validated.").WithReason(err.Error())
		}
		return who, nil
	}
	return WebIdentity{}, sts.InvalidIdentityTokenException.New("No OpenIDConnect provider found in your account for the token's issuer.")
}

func malformedSession(err error) error {
	var bad *policy.MalformedError
	if errors.As(err, &bad) {
		return sts.MalformedPolicyDocumentException.New(bad.Message).WithReason(bad.Detail)
	}
	return err
}
