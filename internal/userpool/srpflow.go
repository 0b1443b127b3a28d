package userpool

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys"
	"pintail/internal/keys/ids"
	"pintail/internal/userpool/srp"
)

// The flow USER_SRP_AUTH has two requests. What the server must know in the second
// one travels sealed in SECRET_BLOCK, so that any node can answer it. A node
// remembers the blocks that have given tokens, until they expire, and takes none
// twice; that another node would is the price of a sign-in that writes nothing, and
// bounded by the client's AuthSessionValidity.

// Parameters of the PASSWORD_VERIFIER challenge and of its answer.
const (
	paramUserID     = "USER_ID_FOR_SRP"
	paramSalt       = "SALT"
	paramSRPB       = "SRP_B"
	paramBlock      = "SECRET_BLOCK"
	paramClaimBlock = "PASSWORD_CLAIM_SECRET_BLOCK"
	paramClaim      = "PASSWORD_CLAIM_SIGNATURE"
	paramTimestamp  = "TIMESTAMP"
)

const (
	// maxTimestampSkew is how wrong a client's clock may be.
	maxTimestampSkew = 10 * time.Minute
	// blockPurpose keeps other sealed challenges from passing for a SECRET_BLOCK.
	blockPurpose = "srp"
)

// srpState is the content of a SECRET_BLOCK.
type srpState struct {
	ID       string
	Username string // the user's, or the name that means nobody
	Exchange []byte
}

// startSRP answers SRP_A with the PASSWORD_VERIFIER challenge.
func (a *attempt) startSRP(ctx context.Context) (*cognitoidp.InitiateAuthResponse, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	public, err := a.param(paramSRPA)
	if err != nil {
		return nil, err
	}
	username, userID, v, err := a.challenged(ctx, name)
	if err != nil {
		return nil, err
	}
	exchange, err := v.Challenge(public)
	if errors.Is(err, srp.ErrPublic) {
		return nil, invalid("Invalid SRP_A value.")
	}
	if err != nil {
		return nil, err
	}
	block, err := a.sealSRP(username, exchange)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.InitiateAuthResponse{
		ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
		ChallengeParameters: map[string]string{
			paramUsername: userID, paramUserID: userID,
			paramSalt: v.SaltHex(), paramSRPB: exchange.PublicHex(), paramBlock: block,
		},
	}, nil
}

// challenged returns whose password a challenge asks for: the name that finds the
// user again, the username to show, and the verifier.
func (a *attempt) challenged(ctx context.Context, name string) (username, userID string, v srp.Verifier, err error) {
	u, err := a.find(ctx, a.pool, name)
	switch {
	case err != nil:
		return "", "", v, err
	case u != nil && u.Attempts.locked(a.call.Time):
		return "", "", v, errLocked()
	case u != nil:
		v, err = a.verifier(a.pool, u)
		return u.Username, u.Username, v, err
	case !a.client.hidesUsers():
		return "", "", v, errNoUser()
	case a.unknownLocked(name):
		return "", "", v, errLocked()
	}
	return name, a.decoyUsername(a.pool, name), a.decoyVerifier(a.pool, name), nil
}

func (a *attempt) sealSRP(username string, exchange *srp.Exchange) (string, error) {
	state := srpState{ID: ids.UUID(), Username: username}
	var err error
	if state.Exchange, err = exchange.MarshalBinary(); err != nil {
		return "", err
	}
	message, err := json.Marshal(state)
	if err != nil {
		return "", err
	}
	expires := a.call.Time.Add(a.client.challengeLife())
	return base64.StdEncoding.EncodeToString(a.challenges.SealUntil(expires, message, blockPurpose, a.client.ClientId)), nil
}

// answerSRP takes the answer to PASSWORD_VERIFIER. A Session may come with it and
// says nothing that the block does not.
func (a *attempt) answerSRP(ctx context.Context) (*cognitoidp.RespondToAuthChallengeResponse, error) {
	if _, err := a.username(); err != nil {
		return nil, err
	}
	claim, state, exchange, err := a.srpClaim()
	if err != nil {
		return nil, err
	}
	u, err := a.prove(ctx, state.Username, func(username string, v srp.Verifier) bool {
		claim.Identity = a.pool.identity(username)
		return exchange.Accepts(v, claim)
	})
	if err != nil {
		return nil, err
	}
	if !a.spend(state.ID, a.call.Time) {
		return nil, errSessionSpent()
	}
	result, err := a.grant(u)
	if err != nil {
		return nil, err
	}
	return &cognitoidp.RespondToAuthChallengeResponse{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, nil
}

// srpClaim reads the parameters of the answer.
func (a *attempt) srpClaim() (claim srp.Claim, state srpState, exchange *srp.Exchange, err error) {
	var block, signature string
	for _, p := range []struct {
		name  string
		value *string
	}{{paramClaimBlock, &block}, {paramClaim, &signature}, {paramTimestamp, &claim.Timestamp}} {
		if *p.value, err = a.param(p.name); err != nil {
			return claim, state, nil, err
		}
	}
	var errBlock, errSignature error
	claim.SecretBlock, errBlock = base64.StdEncoding.DecodeString(block)
	claim.Signature, errSignature = base64.StdEncoding.DecodeString(signature)
	if errBlock != nil || errSignature != nil || !a.timely(claim.Timestamp) {
		return claim, state, nil, errIncorrect()
	}
	state, exchange, err = a.openSRP(claim.SecretBlock)
	return claim, state, exchange, err
}

// timely tells whether a client's timestamp is about now.
func (a *attempt) timely(timestamp string) bool {
	t, err := time.Parse(srp.TimestampLayout, timestamp)
	return err == nil && a.call.Time.Sub(t).Abs() <= maxTimestampSkew
}

// openSRP returns what a SECRET_BLOCK holds.
func (a *attempt) openSRP(block []byte) (state srpState, exchange *srp.Exchange, err error) {
	message, err := a.challenges.OpenAt(a.call.Time, block, blockPurpose, a.client.ClientId)
	switch {
	case errors.Is(err, keys.ErrExpired):
		return state, nil, cognitoidp.NotAuthorizedException.New("Invalid session for the user, session is expired.")
	case err != nil:
		return state, nil, errIncorrect()
	}
	if err := json.Unmarshal(message, &state); err != nil {
		return state, nil, err
	}
	exchange = new(srp.Exchange)
	return state, exchange, exchange.UnmarshalBinary(state.Exchange)
}
