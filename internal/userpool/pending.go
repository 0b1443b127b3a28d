package userpool

import (
	"context"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/srp"
	"pintail/internal/wire"
)

type groupClaims struct {
	Names, Roles  []string
	PreferredRole string
}

func (p *pool) groupsOf(tx store.Tx, u *user) (groupClaims, error) { return groupClaims{}, nil }

type device struct{ Key string }

func (p *pool) tracksDevices() bool { return false }
func (s *Service) rememberedDevice(tx store.Tx, p *pool, u *user, key string) (*device, error) {
	return nil, errNoDevice()
}
func (s *Service) deviceVerifier(p *pool, d *device) (v srp.Verifier, id srp.Identity, err error) {
	return
}
func (s *Service) deviceUsed(tx store.Tx, p *pool, u *user, key string, c *wire.Call) error {
	return nil
}
func (s *Service) newDevice(p *pool, u *user, event string) *cognitoidp.NewDeviceMetadataType {
	return nil
}
func (s *Service) passkeyRequest(tx store.Tx, p *pool, u *user) (options string, challenge []byte, err error) {
	return
}
func (s *Service) passkeyAnswer(tx store.Tx, p *pool, u *user, challenge []byte, credential string, now time.Time) (bool, error) {
	return false, errIncorrect()
}
func (a *attempt) failed(ctx context.Context, u *user) {}
