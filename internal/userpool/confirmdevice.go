package userpool

import (
	"context"
	"encoding/base64"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// confirmDevice implements ConfirmDevice: the client has made a secret for its
// device, and leaves its verifier. The device is the one that the sign-in behind the
// access token was offered, and no other.
func (s *Service) confirmDevice(ctx context.Context, c *wire.Call, in *cognitoidp.ConfirmDeviceRequest) (*cognitoidp.ConfirmDeviceResponse, error) {
	b, err := s.bearer(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	if !b.pool.tracksDevices() {
		return nil, errNoDevices()
	}
	verifier, err := deviceSecret(in.DeviceSecretVerifierConfig)
	if err != nil {
		return nil, err
	}
	prompts := isTrue(b.pool.DeviceConfiguration.DeviceOnlyRememberedOnUserPrompt)
	err = s.update(ctx, func(tx store.Tx) error {
		u, err := b.user(tx, c)
		if err != nil {
			return err
		}
		offered := s.newDevice(b.pool, u, b.claims.Event)
		if in.DeviceKey != offered.DeviceKey {
			return invalid("Invalid device key given.")
		}
		d := newConfirmed(offered, u.key(b.pool), u.Sub, c)
		d.Name, d.Remembered = in.DeviceName, !prompts
		if d.Verifier, err = s.sealDevice(b.pool, d, verifier); err != nil {
			return err
		}
		err = devices.Insert(tx, b.pool.Id, d.Key, d)
		if errors.Is(err, store.ErrExists) {
			return cognitoidp.DeviceKeyExistsException.New("Device already exists.")
		}
		if err != nil {
			return err
		}
		return dropDevices(tx, b.pool.Id, d)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.ConfirmDeviceResponse{UserConfirmationNecessary: new(prompts)}, nil
}

// newConfirmed returns the device of a user who has just signed in from it.
func newConfirmed(offered *cognitoidp.NewDeviceMetadataType, userKey, sub string, c *wire.Call) *device {
	now := c.Time.Truncate(time.Millisecond)
	return &device{
		Key: offered.DeviceKey, Group: offered.DeviceGroupKey, User: userKey, Sub: sub,
		LastIP: c.SourceIP, Created: now, Modified: now, Used: now,
	}
}

// deviceSecret reads the salt and the verifier that a client made.
func deviceSecret(in *cognitoidp.DeviceSecretVerifierConfigType) (v srp.Verifier, err error) {
	in = orEmpty(in)
	salt, errSalt := base64.StdEncoding.DecodeString(in.Salt)
	value, errValue := base64.StdEncoding.DecodeString(in.PasswordVerifier)
	if errSalt == nil && errValue == nil {
		v, err = srp.ParseVerifier(salt, value)
	}
	if errSalt != nil || errValue != nil || err != nil {
		return v, invalid("Invalid DeviceSecretVerifierConfig given.")
	}
	return v, nil
}

// sealDevice returns a verifier as the device's document holds it.
func (s *Service) sealDevice(p *pool, d *device, v srp.Verifier) ([]byte, error) {
	data, err := v.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return s.deviceKeys.Seal(data, p.Id, d.Sub, d.Key), nil
}

func errNoDevices() error {
	return cognitoidp.InvalidUserPoolConfigurationException.New("User pool does not have device tracking configured.")
}
