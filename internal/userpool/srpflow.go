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

// A password by SRP takes two requests. What the server must know in the second one
// travels sealed in SECRET_BLOCK, so that any node can answer it. A node remembers
// the blocks that were answered rightly, until they expire, and takes none twice;
// that another node would is the price of a sign-in that writes nothing, and bounded
// by the client's AuthSessionValidity.

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
	// The purposes keep other sealed challenges from passing for a SECRET_BLOCK.
	blockPurpose       = "srp"
	deviceBlockPurpose = "device srp"
)

// srpState is the content of a SECRET_BLOCK.
type srpState struct {
	Now      session // how far the sign-in has come
	Username string  // the user's; of a device its key
	Exchange []byte
}

// startSRP is the flow USER_SRP_AUTH.
func (a *attempt) startSRP(ctx context.Context) (*answer, error) {
	name, err := a.username()
	if err != nil {
		return nil, err
	}
	if a.now.Name = name; a.params[paramSRPA] == "" {
		return nil, invalid("Missing required parameter %s", paramSRPA)
	}
	if err := a.admit(ctx, name); err != nil {
		return nil, err
	}
	return a.challengeSRP(ctx, name)
}

// challengeSRP answers SRP_A with the PASSWORD_VERIFIER challenge.
func (a *attempt) challengeSRP(ctx context.Context, name string) (*answer, error) {
	public, err := a.param(paramSRPA)
	if err != nil {
		return nil, err
	}
	u, v, err := a.srpTarget(ctx, name)
	if err != nil {
		return nil, err
	}
	username := a.decoyUsername(a.pool, name)
	if u != nil {
		username = u.Username
	}
	a.now.about(a.Service, a.pool, u)
	parameters, _, err := a.srpParameters(v, public, username, blockPurpose)
	if err != nil {
		return nil, err
	}
	parameters[paramUsername], parameters[paramUserID] = username, username
	out := &answer{ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier, ChallengeParameters: parameters}
	if a.now.Flow == cognitoidp.AuthFlowTypeUserSrpAuth {
		return out, nil // which has no session: the block says it all
	}
	return a.challenge(u, cognitoidp.ChallengeNameTypePasswordVerifier, parameters)
}

// srpTarget returns the user whose password a challenge asks for, and the verifier;
// a nil user and a decoy where clients must not know that there is none.
func (a *attempt) srpTarget(ctx context.Context, name string) (*user, srp.Verifier, error) {
	u, err := a.find(ctx, a.pool, name)
	switch {
	case err != nil:
		return nil, srp.Verifier{}, err
	case u != nil && u.Attempts.locked(a.call.Time):
		return nil, srp.Verifier{}, errLocked()
	case u != nil && u.hasPassword():
		v, err := a.verifier(a.pool, u)
		return u, v, err
	case u != nil:
		return u, a.decoyVerifier(a.pool, u.Username), nil
	case !a.client.hidesUsers():
		return nil, srp.Verifier{}, errNoUser()
	case a.unknownLocked(name):
		return nil, srp.Verifier{}, errLocked()
	}
	return nil, a.decoyVerifier(a.pool, name), nil
}

// srpParameters begins an exchange over a verifier and returns what the client must
// know of it, and the id of its block.
func (a *attempt) srpParameters(v srp.Verifier, public, username, purpose string) (parameters map[string]string, id string, err error) {
	exchange, err := v.Challenge(public)
	if errors.Is(err, srp.ErrPublic) {
		return nil, "", invalid("Invalid SRP_A value.")
	}
	if err != nil {
		return nil, "", err
	}
	state := srpState{Now: a.now, Username: username}
	state.Now.ID = ids.UUID()
	if state.Exchange, err = exchange.MarshalBinary(); err != nil {
		return nil, "", err
	}
	message, err := json.Marshal(state)
	if err != nil {
		return nil, "", err
	}
	block := a.challenges.SealUntil(a.call.Time.Add(a.client.challengeLife()), message, purpose, a.client.ClientId)
	return map[string]string{
		paramSalt: v.SaltHex(), paramSRPB: exchange.PublicHex(), paramBlock: base64.StdEncoding.EncodeToString(block),
	}, state.Now.ID, nil
}

// answerSRP takes the answer to PASSWORD_VERIFIER. A Session may come with it and
// says nothing that the block does not.
func (a *attempt) answerSRP(ctx context.Context) (*answer, error) {
	if _, err := a.username(); err != nil {
		return nil, err
	}
	claim, state, exchange, err := a.srpClaim(blockPurpose)
	if err != nil {
		return nil, err
	}
	if state.Now.Admin != a.now.Admin {
		return nil, errSession("Invalid session for the user.")
	}
	a.now = state.Now
	name := state.Username
	if a.now.Sub == nobody { // whose attempts count for the name that was typed
		name = a.now.Name
	}
	u, err := a.prove(ctx, name, func(username string, v srp.Verifier) bool {
		claim.Identity = a.pool.identity(username)
		return exchange.Accepts(v, claim)
	})
	if err != nil {
		return nil, err
	}
	if a.now.Flow == cognitoidp.AuthFlowTypeCustomAuth {
		return a.customAfterSRP(ctx, u)
	}
	a.now.First = cognitoidp.ChallengeNameTypePasswordSrp
	return a.advance(ctx, u)
}

// srpClaim reads the parameters of an answer to a block of a purpose.
func (a *attempt) srpClaim(purpose string) (claim srp.Claim, state srpState, exchange *srp.Exchange, err error) {
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
	state, exchange, err = a.openSRP(claim.SecretBlock, purpose)
	return claim, state, exchange, err
}

// timely tells whether a client's timestamp is about now.
func (a *attempt) timely(timestamp string) bool {
	t, err := time.Parse(srp.TimestampLayout, timestamp)
	return err == nil && a.call.Time.Sub(t).Abs() <= maxTimestampSkew
}

// openSRP returns what a SECRET_BLOCK holds.
func (a *attempt) openSRP(block []byte, purpose string) (state srpState, exchange *srp.Exchange, err error) {
	message, err := a.challenges.OpenAt(a.call.Time, block, purpose, a.client.ClientId)
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
