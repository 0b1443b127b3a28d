package userpool

import (
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/keys/ids"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// No answer but that of who knows the password is accepted.
func FuzzSRP(f *testing.F) {
	r := newRoom(f)
	client := srp.NewClient(r.pool.srpName(), "another password")
	f.Add("ada", client.PublicHex(), "AAAA", "BBBB", noon.Format(srp.TimestampLayout))
	f.Add("nobody", "2", "", "!", "now")
	f.Add("", "0", "=", "=", "")
	f.Fuzz(func(t *testing.T, name, public, block, signature, timestamp string) {
		call := &wire.Call{Op: cognitoidp.InitiateAuth.Operation, Time: noon, RequestID: ids.UUID()}
		asked, err := r.initiateAuth(t.Context(), call, &cognitoidp.InitiateAuthRequest{
			ClientId: r.client.ClientId, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
			AuthParameters: map[string]string{paramUsername: name, paramSRPA: public},
		})
		if err != nil {
			refused(t, cognitoidp.InitiateAuth.Operation, err)
		} else if block == "" {
			block = asked.ChallengeParameters[paramBlock]
		}
		call = &wire.Call{Op: cognitoidp.RespondToAuthChallenge.Operation, Time: noon}
		_, err = r.respondToAuthChallenge(t.Context(), call, &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: r.client.ClientId, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
			ChallengeResponses: map[string]string{paramUsername: name, paramClaimBlock: block, paramClaim: signature, paramTimestamp: timestamp},
		})
		refused(t, cognitoidp.RespondToAuthChallenge.Operation, err)
	})
}
