package userpool

import "context"

func (a *attempt) failed(ctx context.Context, u *user) {}
