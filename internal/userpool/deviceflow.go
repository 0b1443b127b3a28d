package userpool

import (
	"cmp"
	"context"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
)

// A remembered device shows its own password by SRP, as a user does: DEVICE_SRP_AUTH
// brings SRP_A, DEVICE_PASSWORD_VERIFIER the claim (Cognito developer guide, "Working
// with user devices in your user pool").

// answerDeviceSRP takes the answer to DEVICE_SRP_AUTH.
func (a *attempt) answerDeviceSRP(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	public, err := a.param(paramSRPA)
	if err != nil {
		return nil, err
	}
	d, v, _, err := a.sessionDevice(ctx, u)
	if err != nil {
		return nil, err
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	parameters, block, err := a.srpParameters(v, public, d.Key, deviceBlockPurpose)
	if err != nil {
		return nil, err
	}
	a.now.Block = block
	parameters[paramDeviceKey], parameters[paramUsername] = d.Key, u.Username
	return a.challenge(u, cognitoidp.ChallengeNameTypeDevicePasswordVerifier, parameters)
}

// sessionDevice returns the device that the session is about, with its verifier.
func (a *attempt) sessionDevice(ctx context.Context, u *user) (d *device, v srp.Verifier, id srp.Identity, err error) {
	key, err := a.param(paramDeviceKey)
	if err != nil {
		return nil, v, id, err
	}
	if key != a.now.DeviceKey {
		return nil, v, id, errNoDevice()
	}
	err = a.db.View(ctx, func(tx store.Tx) error {
		d, err = a.rememberedDevice(tx, a.pool, u, key)
		return err
	})
	if err != nil {
		return nil, v, id, err
	}
	if d == nil {
		return nil, v, id, errNoDevice()
	}
	v, id, err = a.deviceVerifier(a.pool, d)
	return d, v, id, err
}

// answerDevicePassword takes the answer to DEVICE_PASSWORD_VERIFIER.
func (a *attempt) answerDevicePassword(ctx context.Context) (*answer, error) {
	u, err := a.challenged(ctx)
	if err != nil {
		return nil, err
	}
	d, v, id, err := a.sessionDevice(ctx, u)
	if err != nil {
		return nil, err
	}
	claim, state, exchange, err := a.srpClaim(deviceBlockPurpose)
	if err != nil {
		return nil, err
	}
	if u.Guesses.locked(a.call.Time) {
		return nil, errLocked()
	}
	claim.Identity = id
	if state.Now.ID != a.now.Block || state.Username != d.Key || state.Now.Sub != u.Sub || !exchange.Accepts(v, claim) {
		a.failed(ctx, u)
		return nil, cmp.Or(a.note(ctx, u, func(u *user) { u.Guesses.fail(a.call.Time) }), errIncorrect())
	}
	err = a.update(ctx, func(tx store.Tx) error { return a.deviceUsed(tx, a.pool, u, d.Key, a.call) })
	if err != nil {
		return nil, err
	}
	a.now.Device = true
	return a.advance(ctx, u)
}
