package userpool

import (
	"fmt"
	"testing"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
)

// exceeds fails unless err is the refusal of one more than there can be.
func exceeds(t *testing.T, op *model.Operation, err error) {
	t.Helper()
	refused(t, op, err)
	if err.(*model.Error).Type != cognitoidp.LimitExceededException {
		t.Errorf("refused by %v", err)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c := operation{cognitoidp.CreateUserPool.Operation}.call()
	err := r.db.Update(t.Context(), func(tx store.Tx) error {
		for i := range maxClients - 1 {
			if err := clients.Insert(tx, r.pool.Id, fmt.Sprint("client", i), new(clientRecord)); err != nil {
				return err
			}
		}
		for i := range maxPools - 1 {
			if err := pools.Insert(tx, r.account, fmt.Sprint("eu-west-1_", i), &poolRecord{Region: "eu-west-1"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	more := &cognitoidp.CreateUserPoolClientRequest{UserPoolId: r.pool.Id, ClientName: "more"}
	_, err = r.createUserPoolClient(t.Context(), c, more)
	exceeds(t, cognitoidp.CreateUserPoolClient.Operation, err)
	if _, err := r.deleteUserPoolClient(t.Context(), c, &cognitoidp.DeleteUserPoolClientRequest{UserPoolId: r.pool.Id, ClientId: r.client.ClientId}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.createUserPoolClient(t.Context(), c, more); err != nil {
		t.Error(err)
	}
	// A region's pools are its own: one more there is the thousandth.
	if _, err := r.createUserPool(t.Context(), c, &cognitoidp.CreateUserPoolRequest{PoolName: "here"}); err != nil {
		t.Error(err)
	}
	c.Region = "eu-west-1"
	if _, err := r.createUserPool(t.Context(), c, &cognitoidp.CreateUserPoolRequest{PoolName: "thousandth"}); err != nil {
		t.Error(err)
	}
	_, err = r.createUserPool(t.Context(), c, &cognitoidp.CreateUserPoolRequest{PoolName: "one more"})
	exceeds(t, cognitoidp.CreateUserPool.Operation, err)
}

// A large pool is counted once a minute.
func TestEstimatedNumberOfUsers(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	c := operation{cognitoidp.DescribeUserPool.Operation}.call()
	estimate := func() int32 {
		t.Helper()
		out, err := r.describeUserPool(t.Context(), c, &cognitoidp.DescribeUserPoolRequest{UserPoolId: r.pool.Id})
		if err != nil {
			t.Fatal(err)
		}
		return *out.UserPool.EstimatedNumberOfUsers
	}
	add := func(from, n int) {
		t.Helper()
		err := r.db.Update(t.Context(), func(tx store.Tx) error {
			for i := range n {
				name := fmt.Sprint("user", from+i)
				if err := users.Insert(tx, r.pool.Id, name, newUser(name, nil, noon)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	check := func(when string, want int32) {
		t.Helper()
		if got := estimate(); got != want {
			t.Errorf("%s: %d users, want %d", when, got, want)
		}
	}
	check("with ada", 1)
	add(0, 1)
	check("a small pool at once", 2)
	add(1, manyUsers-2)
	check("a large pool", manyUsers)
	add(manyUsers, 1)
	check("a large pool again", manyUsers)
	r.clock.Advance(estimateFor - time.Nanosecond)
	check("within a minute", manyUsers)
	r.clock.Advance(time.Nanosecond)
	check("after a minute", manyUsers+1)
}
