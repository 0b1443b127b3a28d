package userpool

import (
	"context"
	"testing"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/srp"
)

// BenchmarkSignIn is a whole sign-in by SRP without the wire.
func BenchmarkSignIn(b *testing.B) {
	r := newRoom(b)
	client := srp.NewClient(r.pool.srpName(), adaPassword)
	for b.Loop() {
		asked, err := r.initiateAuth(b.Context(), ofGetUser.call(), &cognitoidp.InitiateAuthRequest{
			ClientId: r.client.ClientId, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
			AuthParameters: map[string]string{paramUsername: "ada", paramSRPA: client.PublicHex()},
		})
		if err != nil {
			b.Fatal(err)
		}
		c := asked.ChallengeParameters
		b.StopTimer()
		timestamp, signature, err := client.Answer(srp.Challenge{UserID: c[paramUserID], Salt: c[paramSalt], SRPB: c[paramSRPB], SecretBlock: c[paramBlock]}, noon)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		_, err = r.respondToAuthChallenge(b.Context(), ofGetUser.call(), &cognitoidp.RespondToAuthChallengeRequest{
			ClientId: r.client.ClientId, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier,
			ChallengeResponses: map[string]string{paramUsername: "ada", paramClaimBlock: c[paramBlock], paramClaim: signature, paramTimestamp: timestamp},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignInFloor is the cryptography alone that a sign-in cannot do without.
func BenchmarkSignInFloor(b *testing.B) {
	r := newRoom(b)
	id := r.pool.identity("ada")
	v := srp.NewVerifier(id, adaPassword)
	client := srp.NewClient(r.pool.srpName(), adaPassword)
	claims := make([]byte, 600)
	for b.Loop() {
		exchange, err := v.Challenge(client.PublicHex())
		if err != nil {
			b.Fatal(err)
		}
		exchange.Accepts(v, srp.Claim{Identity: id, SecretBlock: claims, Timestamp: noon.Format(srp.TimestampLayout), Signature: claims[:32]})
		for range 2 {
			if _, err := r.pool.accessKey.Sign(claims); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkGetUser(b *testing.B) {
	r := newRoom(b)
	a := attempt{Service: r.Service, call: ofGetUser.call(), pool: r.pool, client: r.client}
	result, err := a.grant(context.Background(), r.ada)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := r.getUser(b.Context(), ofGetUser.call(), &cognitoidp.GetUserRequest{AccessToken: result.AccessToken}); err != nil {
			b.Fatal(err)
		}
	}
}
