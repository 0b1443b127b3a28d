package userpool

import (
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

// device is a machine that a user signed in from and confirmed. The pool owns the
// document, and its id is the device's key.
type device struct {
	Key, Group string
	User       string // the id of the user's document
	Sub        string
	Name       string
	// Remembered tells whether the device may sign in by its own secret.
	Remembered bool
	Verifier   []byte // the srp.Verifier of that secret, sealed
	LastIP     string
	Created    time.Time
	Modified   time.Time
	Used       time.Time // last signed in from
}

// maxDeviceKey is how long an operation's DeviceKey can be, longer than any that there is.
const maxDeviceKey = 55

// byUser is the index of devices by user.
const byUser = "user"

var devices = store.NewCollection("device", store.Index(byUser, func(d *device) string { return d.User }))

// removeDevices removes the devices of a user who is deleted.
func removeDevices(tx store.Tx, poolID, userKey string) error {
	for d, err := range devices.All(tx, poolID, store.Query{Index: byUser, Match: store.Equal(userKey)}) {
		if err != nil {
			return err
		}
		if err := devices.Delete(tx, poolID, d.Key); err != nil {
			return err
		}
	}
	return nil
}

// maxDevices is how many devices a user has at most. Where users are asked whether to
// remember a device, every sign-in from another one would leave one for good.
const maxDevices = 100

// dropDevices forgets devices of a user who has too many, now that another one has come:
// those that are not remembered first, and of these the one that was used longest ago.
func dropDevices(tx store.Tx, poolID string, added *device) error {
	all, _, err := devices.List(tx, poolID, store.Query{Index: byUser, Match: store.Equal(added.User), Limit: store.MaxLimit})
	if err != nil || len(all) <= maxDevices {
		return err
	}
	all = slices.DeleteFunc(all, func(d *device) bool { return d.Key == added.Key })
	slices.SortFunc(all, func(a, b *device) int {
		if a.Remembered != b.Remembered {
			if b.Remembered {
				return -1
			}
			return 1
		}
		return a.Used.Compare(b.Used)
	})
	for _, d := range all[:len(all)+1-maxDevices] {
		if err := devices.Delete(tx, poolID, d.Key); err != nil {
			return err
		}
	}
	return nil
}

// tracksDevices tells whether the pool keeps its users' devices.
func (p *pool) tracksDevices() bool { return p.DeviceConfiguration != nil }

// newDevice returns the keys that a sign-in offers for the machine it comes from. They
// follow from the sign-in's event, so that nothing is kept before the device is
// confirmed, and all tokens of a sign-in know the same device.
func (s *Service) newDevice(p *pool, u *user, event string) *cognitoidp.NewDeviceMetadataType {
	id := s.deviceKeys.MAC("key", p.Id, u.Sub, event)
	key := p.region() + "_" + uuidOf(id)
	return &cognitoidp.NewDeviceMetadataType{DeviceKey: key, DeviceGroupKey: s.deviceGroup(p, u, key)}
}

// deviceGroup returns the group key of a device: a hyphen and eight letters or digits.
func (s *Service) deviceGroup(p *pool, u *user, key string) string {
	mac := s.deviceKeys.MAC("group", p.Id, u.Sub, key)
	return "-" + hex.EncodeToString(mac)[:8]
}

// userDevice returns a device of a user.
func (p *pool) userDevice(tx store.Tx, u *user, key string) (*device, error) {
	d, err := devices.Get(tx, p.Id, key)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Sub != u.Sub {
		return nil, errNoDevice()
	}
	return d, err
}

// errNoDevice is what clients look for to throw away the keys that they keep.
func errNoDevice() error {
	return cognitoidp.ResourceNotFoundException.New("Device does not exist.")
}

// rememberedDevice returns the device of a user that may sign in by its own secret:
// nil for one that may not.
func (s *Service) rememberedDevice(tx store.Tx, p *pool, u *user, key string) (*device, error) {
	d, err := p.userDevice(tx, u, key)
	if err != nil || !d.Remembered {
		return nil, err
	}
	return d, nil
}

// deviceVerifier returns the verifier of a device's secret, and how the SRP
// arithmetic knows the device: by its group key in place of the pool's name, and by
// its key in place of the username.
func (s *Service) deviceVerifier(p *pool, d *device) (v srp.Verifier, id srp.Identity, err error) {
	data, err := s.deviceKeys.Open(d.Verifier, p.Id, d.Sub, d.Key)
	if err != nil {
		return v, id, err
	}
	return v, srp.Identity{Pool: d.Group, User: d.Key}, v.UnmarshalBinary(data)
}

// deviceUsed notes that a user signed in from a device. One that was forgotten in the
// meantime stays forgotten.
func (s *Service) deviceUsed(tx store.Tx, p *pool, u *user, key string, c *wire.Call) error {
	d, err := p.userDevice(tx, u, key)
	if err != nil {
		return err
	}
	d.Used, d.LastIP = c.Time.Truncate(time.Millisecond), c.SourceIP
	return devices.Put(tx, p.Id, d.Key, d)
}
