package userpool

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
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

// What a pool owns has quotas too. The first thing beyond one is refused, the last within
// it is not.
func TestQuotasOfAPool(t *testing.T) {
	t.Parallel()
	r := newRoom(t)
	err := r.db.Update(t.Context(), func(tx store.Tx) error {
		return errors.Join(
			stuff(maxGroups-1, func(id string) error { return groups.Insert(tx, r.pool.Id, id, new(cognitoidp.GroupType)) }),
			stuff(maxIdentityProviders-1, func(id string) error { return providers.Insert(tx, r.pool.Id, id, new(providerRecord)) }),
			stuff(maxImportJobs-1, func(id string) error { return importJobs.Insert(tx, r.pool.Id, id, new(importJob)) }))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		op     *model.Operation
		create func(c *wire.Call, name string) error
	}{
		{cognitoidp.CreateGroup.Operation, func(c *wire.Call, name string) error {
			_, err := r.createGroup(t.Context(), c, &cognitoidp.CreateGroupRequest{UserPoolId: r.pool.Id, GroupName: name})
			return err
		}},
		{cognitoidp.CreateIdentityProvider.Operation, func(c *wire.Call, name string) error {
			_, err := r.createIdentityProvider(t.Context(), c, &cognitoidp.CreateIdentityProviderRequest{
				UserPoolId: r.pool.Id, ProviderName: name, ProviderType: cognitoidp.IdentityProviderTypeTypeSaml,
				ProviderDetails: map[string]string{detailMetadataURL: "https://example.org/metadata"},
			})
			return err
		}},
		{cognitoidp.CreateUserImportJob.Operation, func(c *wire.Call, name string) error {
			_, err := r.createUserImportJob(t.Context(), c, &cognitoidp.CreateUserImportJobRequest{
				UserPoolId: r.pool.Id, JobName: name, CloudWatchLogsRoleArn: "arn:aws:iam::123456789012:role/logs",
			})
			return err
		}},
	} {
		c := operation{test.op}.call()
		if err := test.create(c, "last"); err != nil {
			t.Errorf("%s: %v", test.op.Name, err)
		}
		exceeds(t, test.op, test.create(c, "more"))
	}
}

// stuff calls insert with n ids.
func stuff(n int, insert func(id string) error) error {
	for i := range n {
		if err := insert(fmt.Sprint("filler", i)); err != nil {
			return err
		}
	}
	return nil
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
