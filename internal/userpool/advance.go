package userpool

import (
	"context"
	"errors"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
)

// advance takes a sign-in on after a factor was shown: to the challenge that comes
// next, or to tokens. The order is the original's: a password that must be changed, a
// second factor, in whose place a remembered device may stand, the device (Cognito
// developer guide, "Authentication with user pools").
func (a *attempt) advance(ctx context.Context, u *user) (*answer, error) {
	if err := a.maySignIn(u); err != nil {
		return nil, err
	}
	device, err := a.claimedDevice(ctx, u) // clients try again without one that is refused, so the session is not used up yet
	if err != nil {
		return nil, err
	}
	if err := a.used(); err != nil {
		return nil, err
	}
	if u.Status == cognitoidp.UserStatusTypeForceChangePassword {
		return a.requireNewPassword(u)
	}
	unproven := device != nil && !a.now.Device
	if unproven && a.deviceReplacesFactor() {
		return a.challenge(u, cognitoidp.ChallengeNameTypeDeviceSrpAuth, nil)
	}
	if !a.now.Second && a.wantsSecondFactor() {
		if out, err := a.requireSecondFactor(ctx, u); out != nil || err != nil {
			return out, err
		}
	}
	a.now.Second = true
	if unproven {
		return a.challenge(u, cognitoidp.ChallengeNameTypeDeviceSrpAuth, nil)
	}
	return a.complete(ctx, u)
}

// wantsSecondFactor tells whether the pool's second factors concern this sign-in. A
// pool's own challenges stand alone, and so does a passkey that verified the user
// where the pool counts it as two factors.
func (a *attempt) wantsSecondFactor() bool {
	if a.now.Flow == cognitoidp.AuthFlowTypeCustomAuth || a.now.Device && a.deviceReplacesFactor() {
		return false
	}
	return a.now.First != cognitoidp.ChallengeNameTypeWebAuthn
}

// deviceReplacesFactor tells whether a remembered device stands for a second factor
// (Cognito API reference, DeviceConfigurationType).
func (a *attempt) deviceReplacesFactor() bool {
	return a.pool.DeviceConfiguration != nil && isTrue(a.pool.DeviceConfiguration.ChallengeRequiredOnNewDevice)
}

// claimedDevice returns the remembered device that the client says it is, or nil. A
// user that does not exist, nil, has none. Of a device that was named in an earlier
// request only, and does not exist, a client can no longer be told: it is new.
func (a *attempt) claimedDevice(ctx context.Context, u *user) (d *device, err error) {
	if key := a.params[paramDeviceKey]; key != "" {
		a.now.DeviceKey = key
	} else {
		defer func() {
			if errors.Is(err, errNoDevice()) {
				a.now.Device, err = false, nil
			}
		}()
	}
	if a.now.DeviceKey == "" || !a.pool.tracksDevices() || a.now.Flow == cognitoidp.AuthFlowTypeAdminUserPasswordAuth || a.now.Flow == cognitoidp.AuthFlowTypeAdminNoSrpAuth {
		a.now.DeviceKey = ""
		return nil, nil
	}
	if u == nil {
		a.now.DeviceKey = ""
		return nil, errNoDevice()
	}
	err = a.db.View(ctx, func(tx store.Tx) error {
		d, err = a.rememberedDevice(tx, a.pool, u, a.now.DeviceKey)
		return err
	})
	if d == nil {
		a.now.DeviceKey = ""
	}
	return d, err
}

// complete signs the user in.
func (a *attempt) complete(ctx context.Context, u *user) (*answer, error) {
	isNew := a.pool.tracksDevices() && a.now.DeviceKey == ""
	if err := a.postAuthentication(ctx, u, isNew); err != nil {
		return nil, err
	}
	result, err := a.grant(ctx, u)
	if err != nil {
		return nil, err
	}
	a.passed(ctx, u)
	a.who = u
	return &answer{AuthenticationResult: result, ChallengeParameters: map[string]string{}}, nil
}

// tokenSource tells the PreTokenGeneration trigger how the user came in.
func (a *attempt) tokenSource() trigger.Source {
	switch {
	case a.now.NewPassword:
		return trigger.TokenGenerationNewPasswordChallenge
	case a.now.Device:
		return trigger.TokenGenerationAuthenticateDevice
	}
	return trigger.TokenGenerationAuthentication
}

// change lets fn work on the session's user in a transaction and stores the outcome.
// A refusal that counts the attempt is stored too.
func (a *attempt) change(ctx context.Context, name string, fn func(tx store.Tx, u *user) error) (u *user, err error) {
	err = a.update(ctx, func(tx store.Tx) error {
		if u, err = a.sessionUserNamed(tx, name); err != nil {
			return err
		}
		return unlessTaken(a.pool.through(a.client).modify(tx, u, func() error { return fn(tx, u) }))
	})
	return u, err
}
