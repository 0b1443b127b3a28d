package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/userpool/srp"
)

// signUp asks for a new user.
func (t *site) signUp(name string) request {
	return t.anyone().request(cognitoidp.SignUp.Operation, cognitoidp.SignUpRequest{
		ClientId: t.client, Username: name, Password: password,
		UserAttributes: []cognitoidp.AttributeType{{Name: "email", Value: name + "@example.org"}, {Name: "locale", Value: "en_GB"}},
	})
}

// passwordSignIn shows the password itself.
func (t *site) passwordSignIn(name string) request {
	return t.anyone().request(cognitoidp.InitiateAuth.Operation, cognitoidp.InitiateAuthRequest{
		ClientId: t.client, AuthFlow: cognitoidp.AuthFlowTypeUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": name, "PASSWORD": password},
	})
}

// srpStart and srpProof are the two requests of an SRP sign-in.
func (t *site) srpStart(u user) request {
	return t.anyone().request(cognitoidp.InitiateAuth.Operation, cognitoidp.InitiateAuthRequest{
		ClientId: t.client, AuthFlow: cognitoidp.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": u.name, "SRP_A": u.srp.PublicHex()},
	})
}

func (t *site) srpProof(u user, challenge *cognitoidp.InitiateAuthResponse) (request, error) {
	p := challenge.ChallengeParameters
	stamp, signature, err := u.srp.Answer(srp.Challenge{
		UserID: p["USER_ID_FOR_SRP"], Salt: p["SALT"], SRPB: p["SRP_B"], SecretBlock: p["SECRET_BLOCK"],
	}, time.Now())
	return t.anyone().request(cognitoidp.RespondToAuthChallenge.Operation, cognitoidp.RespondToAuthChallengeRequest{
		ClientId: t.client, ChallengeName: cognitoidp.ChallengeNameTypePasswordVerifier, Session: challenge.Session,
		ChallengeResponses: map[string]string{
			"USERNAME": p["USER_ID_FOR_SRP"], "PASSWORD_CLAIM_SECRET_BLOCK": p["SECRET_BLOCK"],
			"TIMESTAMP": stamp, "PASSWORD_CLAIM_SIGNATURE": signature,
		},
	}), err
}

// tokens sends the last request of a sign-in, which must bring all three tokens.
func tokens(c *conn, r request) (*cognitoidp.AuthenticationResultType, error) {
	var out struct {
		AuthenticationResult cognitoidp.AuthenticationResultType
	}
	if err := c.ask(r, &out); err != nil {
		return nil, err
	}
	result := &out.AuthenticationResult
	if result.AccessToken == "" || result.IdToken == "" || result.RefreshToken == "" {
		return nil, errors.New("a sign-in brought no tokens")
	}
	return result, nil
}

// userLoads are the loads on the user pool.
func (b *bench) userLoads(t *site) []load {
	return []load{
		{name: "SignUp", ready: t.signUps, floor: b.cryptoFloor("a verifier", (*cryptography).signUp)},
		{
			name: "sign-in, password", ready: t.passwordSignIns,
			floor: b.cryptoFloor("a verifier, two signatures", (*cryptography).passwordSignIn),
		},
		{
			name: "sign-in, SRP", ready: t.srpSignIns,
			floor:  b.cryptoFloor("both SRP steps, two signatures", (*cryptography).srpSignIn),
			target: target{share: 0.85, from: 16},
		},
		{
			name: "GetUser", ready: t.getUsers,
			floor: func(ctx context.Context, connections int) (floor, error) {
				return b.httpFloor(ctx, connections, t.getUser(t.users[0]), t.users[0].size)
			},
			target: target{share: 0.5, from: 16},
		},
	}
}

func (t *site) signUps() (workFunc, error) {
	var next atomic.Int64 // names are used once
	return func(c *conn, _ int) error {
		var out cognitoidp.SignUpResponse
		if err := c.ask(t.signUp(fmt.Sprintf("load-%08d", next.Add(1))), &out); err != nil {
			return err
		}
		if out.UserSub == "" || out.CodeDeliveryDetails == nil {
			return errors.New("a sign-up brought no user or no code")
		}
		return nil
	}, nil
}

func (t *site) passwordSignIns() (workFunc, error) {
	var requests []request
	for _, u := range t.users {
		requests = append(requests, t.passwordSignIn(u.name))
	}
	return func(c *conn, n int) error {
		_, err := tokens(c, requests[n%len(requests)])
		return err
	}, nil
}

func (t *site) srpSignIns() (workFunc, error) {
	var requests []request
	for _, u := range t.users {
		requests = append(requests, t.srpStart(u))
	}
	return func(c *conn, n int) error {
		var challenge cognitoidp.InitiateAuthResponse
		if err := c.ask(requests[n%len(requests)], &challenge); err != nil {
			return err
		}
		proof, err := t.srpProof(t.users[n%len(requests)], &challenge)
		if err != nil {
			return err
		}
		_, err = tokens(c, proof)
		return err
	}, nil
}

// getUser asks who has a token.
func (t *site) getUser(u user) request {
	return t.anyone().request(cognitoidp.GetUser.Operation, cognitoidp.GetUserRequest{AccessToken: u.token})
}

func (t *site) getUsers() (workFunc, error) {
	var requests []request
	for _, u := range t.users {
		requests = append(requests, t.getUser(u))
	}
	return func(c *conn, n int) error {
		body, err := c.do(requests[n%len(requests)])
		if name := t.users[n%len(requests)].name; err == nil && !bytes.Contains(body, []byte(name)) {
			err = fmt.Errorf("GetUser of %s answered %s", name, body)
		}
		return err
	}, nil
}
