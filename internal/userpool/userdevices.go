package userpool

import (
	"context"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/userpool/trigger"
	"pintail/internal/wire"
)

// keeper is whose devices a call is about: those of the holder of an access token, or
// of the user whom an administrator names.
type keeper struct {
	*Service
	call *wire.Call
	pool *pool
	// user returns the keeper, as they are now.
	user func(store.Tx) (*user, error)
}

// ownDevices is the keeper behind an access token.
func (s *Service) ownDevices(ctx context.Context, c *wire.Call, token string) (*keeper, error) {
	b, err := s.bearer(ctx, c, token)
	if err != nil {
		return nil, err
	}
	return s.keeper(c, b.pool, func(tx store.Tx) (*user, error) { return b.user(tx, c) })
}

// devicesOf is the keeper whom an administrator names. Not all of the operations
// declare that a user may not exist.
func (s *Service) devicesOf(ctx context.Context, c *wire.Call, poolID, name string) (*keeper, error) {
	p, err := s.poolOf(ctx, c, poolID)
	if err != nil {
		return nil, err
	}
	return s.keeper(c, p, func(tx store.Tx) (*user, error) {
		u, err := p.resolve(tx, name)
		switch {
		case !errors.Is(err, store.ErrNotFound):
			return u, err
		case c.Op.Declares(cognitoidp.UserNotFoundException):
			return nil, errNoUser()
		}
		return nil, cognitoidp.ResourceNotFoundException.New("User does not exist.")
	})
}

func (s *Service) keeper(c *wire.Call, p *pool, user func(store.Tx) (*user, error)) (*keeper, error) {
	if !p.tracksDevices() {
		return nil, errNoDevices()
	}
	return &keeper{s, c, p, user}, nil
}

// getDevice implements GetDevice.
func (s *Service) getDevice(ctx context.Context, c *wire.Call, in *cognitoidp.GetDeviceRequest) (*cognitoidp.GetDeviceResponse, error) {
	k, err := s.ownDevices(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	d, err := k.get(ctx, in.DeviceKey)
	return &cognitoidp.GetDeviceResponse{Device: d}, err
}

// adminGetDevice implements AdminGetDevice.
func (s *Service) adminGetDevice(ctx context.Context, c *wire.Call, in *cognitoidp.AdminGetDeviceRequest) (*cognitoidp.AdminGetDeviceResponse, error) {
	k, err := s.devicesOf(ctx, c, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	d, err := k.get(ctx, in.DeviceKey)
	return &cognitoidp.AdminGetDeviceResponse{Device: d}, err
}

func (k *keeper) get(ctx context.Context, key string) (shown *cognitoidp.DeviceType, err error) {
	err = k.db.View(ctx, func(tx store.Tx) error {
		u, err := k.user(tx)
		if err != nil {
			return err
		}
		d, err := k.pool.userDevice(tx, u, key)
		if err == nil {
			shown = new(k.shown(u, d))
		}
		return err
	})
	return shown, err
}

// listDevices implements ListDevices, which shows a user the remembered devices only:
// the others would be new ones after every sign-in.
func (s *Service) listDevices(ctx context.Context, c *wire.Call, in *cognitoidp.ListDevicesRequest) (*cognitoidp.ListDevicesResponse, error) {
	k, err := s.ownDevices(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	remembered := func(d *device) bool { return d.Remembered }
	list, next, err := k.list(ctx, in.Limit, in.PaginationToken, remembered)
	return &cognitoidp.ListDevicesResponse{Devices: list, PaginationToken: next}, err
}

// adminListDevices implements AdminListDevices.
func (s *Service) adminListDevices(ctx context.Context, c *wire.Call, in *cognitoidp.AdminListDevicesRequest) (*cognitoidp.AdminListDevicesResponse, error) {
	k, err := s.devicesOf(ctx, c, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	all := func(*device) bool { return true }
	list, next, err := k.list(ctx, in.Limit, in.PaginationToken, all)
	return &cognitoidp.AdminListDevicesResponse{Devices: list, PaginationToken: next}, err
}

// list returns a page of the devices that are to be shown, in the order of their keys,
// and the token of the next.
func (k *keeper) list(ctx context.Context, limit *int32, token string, show func(*device) bool) (list []cognitoidp.DeviceType, next string, err error) {
	err = k.db.View(ctx, func(tx store.Tx) error {
		list = []cognitoidp.DeviceType{}
		u, err := k.user(tx)
		if err != nil {
			return err
		}
		walk := []string{"ListDevices", u.Sub}
		q := store.Query{Index: byUser, Match: store.Equal(u.key(k.pool)), Limit: pageSize(limit)}
		if q.After, err = k.pages.Open(token, k.pool.Id, walk...); err != nil {
			return errPageToken()
		}
		for {
			page, after, err := devices.List(tx, k.pool.Id, q)
			if err != nil {
				return err
			}
			for _, d := range page {
				if show(d) {
					list = append(list, k.shown(u, d))
				}
			}
			if q.Limit, q.After = pageSize(limit)-len(list), after; q.Limit == 0 || after == (store.Cursor{}) {
				next = k.pages.Seal(after, k.pool.Id, walk...)
				return nil
			}
		}
	})
	return list, next, err
}

// forgetDevice implements ForgetDevice.
func (s *Service) forgetDevice(ctx context.Context, c *wire.Call, in *cognitoidp.ForgetDeviceRequest) (*model.Empty, error) {
	k, err := s.ownDevices(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return nil, k.forget(ctx, in.DeviceKey)
}

// adminForgetDevice implements AdminForgetDevice.
func (s *Service) adminForgetDevice(ctx context.Context, c *wire.Call, in *cognitoidp.AdminForgetDeviceRequest) (*model.Empty, error) {
	k, err := s.devicesOf(ctx, c, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return nil, k.forget(ctx, in.DeviceKey)
}

func (k *keeper) forget(ctx context.Context, key string) error {
	return k.change(ctx, key, func(tx store.Tx, d *device) error { return devices.Delete(tx, k.pool.Id, d.Key) })
}

// updateDeviceStatus implements UpdateDeviceStatus.
func (s *Service) updateDeviceStatus(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateDeviceStatusRequest) (*cognitoidp.UpdateDeviceStatusResponse, error) {
	k, err := s.ownDevices(ctx, c, in.AccessToken)
	if err != nil {
		return nil, err
	}
	return nil, k.setStatus(ctx, in.DeviceKey, in.DeviceRememberedStatus)
}

// adminUpdateDeviceStatus implements AdminUpdateDeviceStatus.
func (s *Service) adminUpdateDeviceStatus(ctx context.Context, c *wire.Call, in *cognitoidp.AdminUpdateDeviceStatusRequest) (*cognitoidp.AdminUpdateDeviceStatusResponse, error) {
	k, err := s.devicesOf(ctx, c, in.UserPoolId, in.Username)
	if err != nil {
		return nil, err
	}
	return nil, k.setStatus(ctx, in.DeviceKey, in.DeviceRememberedStatus)
}

func (k *keeper) setStatus(ctx context.Context, key string, status cognitoidp.DeviceRememberedStatusType) error {
	if status == "" {
		return invalid("Missing required parameter DeviceRememberedStatus")
	}
	return k.change(ctx, key, func(tx store.Tx, d *device) error {
		d.Remembered = status == cognitoidp.DeviceRememberedStatusTypeRemembered
		d.Modified = k.call.Time.Truncate(time.Millisecond)
		return devices.Put(tx, k.pool.Id, d.Key, d)
	})
}

// change finds a device of the keeper and lets fn work on it.
func (k *keeper) change(ctx context.Context, key string, fn func(store.Tx, *device) error) error {
	return k.update(ctx, func(tx store.Tx) error {
		u, err := k.user(tx)
		if err != nil {
			return err
		}
		d, err := k.pool.userDevice(tx, u, key)
		if err != nil {
			return err
		}
		return fn(tx, d)
	})
}

// shown returns a device as the API shows it (Cognito API reference, GetDevice).
func (k *keeper) shown(u *user, d *device) cognitoidp.DeviceType {
	owner := u.Username + "." + k.pool.Id
	arn := "arn:aws:cognito-idp:" + k.pool.region() + ":" + k.account + ":owner/" + owner + "/device/" + d.Key
	status := cognitoidp.DeviceRememberedStatusTypeNotRemembered
	if d.Remembered {
		status = cognitoidp.DeviceRememberedStatusTypeRemembered
	}
	shown := cognitoidp.DeviceType{
		DeviceKey:        d.Key,
		DeviceCreateDate: d.Created, DeviceLastModifiedDate: d.Modified, DeviceLastAuthenticatedDate: d.Used,
	}
	for _, a := range []cognitoidp.AttributeType{
		{Name: "device_status", Value: "valid"},
		{Name: "device_name", Value: d.Name},
		{Name: "dev:device_arn", Value: arn},
		{Name: "dev:device_owner", Value: owner},
		{Name: "last_ip_used", Value: d.LastIP},
		{Name: "dev:device_remembered_status", Value: string(status)},
		{Name: "dev:device_sdk", Value: trigger.UnknownSDK},
	} {
		if a.Value != "" {
			shown.DeviceAttributes = append(shown.DeviceAttributes, a)
		}
	}
	return shown
}
