package access

import (
	"context"
	"time"

	"pintail/internal/gen/sts"
	"pintail/internal/keys/ids"
	"pintail/internal/wire"
)

// getCallerIdentity implements GetCallerIdentity, which no policy can deny.
func (s *Service) getCallerIdentity(_ context.Context, c *wire.Call, _ *sts.GetCallerIdentityRequest) (*sts.GetCallerIdentityResponse, error) {
	return &sts.GetCallerIdentityResponse{Account: s.account.String(), Arn: c.Caller.ARN, UserId: c.Caller.ID}, nil
}

// getAccessKeyInfo implements GetAccessKeyInfo: the account stands in the key itself.
func (s *Service) getAccessKeyInfo(_ context.Context, _ *wire.Call, in *sts.GetAccessKeyInfoRequest) (*sts.GetAccessKeyInfoResponse, error) {
	account, ok := ids.AccountOf(in.AccessKeyId)
	if !ok {
		return nil, wire.ValidationError.New("Invalid value for parameter AccessKeyId: it is not an access key's.")
	}
	return &sts.GetAccessKeyInfoResponse{Account: account.String()}, nil
}

// decodeAuthorizationMessage implements DecodeAuthorizationMessage. The services of this
// server encode none of their refusals, so that no message is one of theirs.
func (s *Service) decodeAuthorizationMessage(context.Context, *wire.Call, *sts.DecodeAuthorizationMessageRequest) (*sts.DecodeAuthorizationMessageResponse, error) {
	return nil, sts.InvalidAuthorizationMessageException.New("Message is not valid.")
}

// defaultSession is how long a session lasts unless the caller says otherwise, in seconds.
const defaultSession = 3600

// lifetime is the time that a caller asks for.
func lifetime(seconds *int32, otherwise time.Duration) time.Duration {
	if seconds == nil {
		return otherwise
	}
	return time.Duration(*seconds) * time.Second
}

// show is how STS shows credentials.
func (c Credentials) show() *sts.Credentials {
	return &sts.Credentials{AccessKeyId: c.AccessKeyID, SecretAccessKey: c.Secret, SessionToken: c.Token, Expiration: c.Expires}
}
