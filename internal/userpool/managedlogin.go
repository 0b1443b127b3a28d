package userpool

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/userpool/branding"
	"pintail/internal/wire"
)

const (
	// maxStyles is how many branding styles a pool can have (Cognito developer guide,
	// "Quotas").
	maxStyles = 20
	// maxAssets is how many images one can have.
	maxAssets = 40
	// maxStyle is the largest style, in bytes: several requests add to one.
	maxStyle = 8 << 20
)

// style is how the managed login pages of an app client look, at rest. The pool owns
// it.
type style struct {
	ID, Client        string
	Provided          bool            // UseCognitoProvidedValues
	Settings          json.RawMessage `json:",omitzero"` // what was customized
	Assets            []cognitoidp.AssetType
	Created, Modified time.Time
}

var styles = store.NewCollection("managed_login",
	store.Unique("client", func(b *style) string { return b.Client }))

// createManagedLoginBranding implements CreateManagedLoginBranding.
func (s *Service) createManagedLoginBranding(ctx context.Context, c *wire.Call, in *cognitoidp.CreateManagedLoginBrandingRequest) (*cognitoidp.CreateManagedLoginBrandingResponse, error) {
	now := c.Time.Truncate(time.Millisecond)
	made := &style{ID: ids.UUID(), Client: in.ClientId, Created: now}
	if err := made.change(in.UseCognitoProvidedValues, in.Settings, in.Assets, now); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx store.Tx) error {
		if _, err := s.clientRecord(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		if err := checkRoom(tx, styles, in.UserPoolId, maxStyles, "branding styles"); err != nil {
			return err
		}
		err := styles.Insert(tx, in.UserPoolId, made.ID, made)
		if _, taken := errors.AsType[*store.ConflictError](err); taken {
			return cognitoidp.ManagedLoginBrandingExistsException.New("A managed login branding style already exists for the app client.")
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateManagedLoginBrandingResponse{ManagedLoginBranding: made.shown(in.UserPoolId)}, nil
}

// describeManagedLoginBranding implements DescribeManagedLoginBranding.
func (s *Service) describeManagedLoginBranding(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeManagedLoginBrandingRequest) (*cognitoidp.DescribeManagedLoginBrandingResponse, error) {
	found, err := s.style(ctx, c, in.UserPoolId, func(tx store.Tx) (*style, error) {
		found, err := styles.Get(tx, in.UserPoolId, in.ManagedLoginBrandingId)
		return found, errNoStyle(err, in.ManagedLoginBrandingId)
	})
	if err != nil {
		return nil, err
	}
	if isTrue(in.ReturnMergedResources) {
		found.Settings, err = branding.Merge(branding.DefaultSettings, found.Settings)
	}
	return &cognitoidp.DescribeManagedLoginBrandingResponse{ManagedLoginBranding: found.shown(in.UserPoolId)}, err
}

// describeManagedLoginBrandingByClient implements DescribeManagedLoginBrandingByClient.
func (s *Service) describeManagedLoginBrandingByClient(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeManagedLoginBrandingByClientRequest) (*cognitoidp.DescribeManagedLoginBrandingByClientResponse, error) {
	found, err := s.style(ctx, c, in.UserPoolId, func(tx store.Tx) (*style, error) {
		if _, err := s.clientRecord(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return nil, err
		}
		found, err := styles.GetBy(tx, in.UserPoolId, "client", in.ClientId)
		if errors.Is(err, store.ErrNotFound) {
			return nil, cognitoidp.ResourceNotFoundException.Newf("There is no managed login branding style for the app client %s.", in.ClientId)
		}
		return found, err
	})
	if err != nil {
		return nil, err
	}
	if isTrue(in.ReturnMergedResources) {
		found.Settings, err = branding.Merge(branding.DefaultSettings, found.Settings)
	}
	return &cognitoidp.DescribeManagedLoginBrandingByClientResponse{ManagedLoginBranding: found.shown(in.UserPoolId)}, err
}

// style finds a style in a pool of the call's region.
func (s *Service) style(ctx context.Context, c *wire.Call, poolID string, find func(store.Tx) (*style, error)) (found *style, err error) {
	err = s.db.View(ctx, func(tx store.Tx) (err error) {
		if _, err := s.poolRecord(tx, c, poolID); err != nil {
			return err
		}
		found, err = find(tx)
		return err
	})
	return found, err
}

// updateManagedLoginBranding implements UpdateManagedLoginBranding: what is left
// out stays as it is.
func (s *Service) updateManagedLoginBranding(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateManagedLoginBrandingRequest) (*cognitoidp.UpdateManagedLoginBrandingResponse, error) {
	if in.UserPoolId == "" || in.ManagedLoginBrandingId == "" {
		return nil, invalid("UserPoolId and ManagedLoginBrandingId are required.")
	}
	var changed *style
	err := s.update(ctx, func(tx store.Tx) (err error) {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		changed, err = styles.Modify(tx, in.UserPoolId, in.ManagedLoginBrandingId, func(b *style) error {
			return b.change(in.UseCognitoProvidedValues, in.Settings, in.Assets, c.Time.Truncate(time.Millisecond))
		})
		return errNoStyle(err, in.ManagedLoginBrandingId)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateManagedLoginBrandingResponse{ManagedLoginBranding: changed.shown(in.UserPoolId)}, nil
}

// deleteManagedLoginBranding implements DeleteManagedLoginBranding.
func (s *Service) deleteManagedLoginBranding(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteManagedLoginBrandingRequest) (*model.Empty, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		return errNoStyle(styles.Delete(tx, in.UserPoolId, in.ManagedLoginBrandingId), in.ManagedLoginBrandingId)
	})
}

// deleteStyleOf removes the style of an app client.
func deleteStyleOf(tx store.Tx, poolID, clientID string) error {
	found, err := styles.GetBy(tx, poolID, "client", clientID)
	if err != nil {
		return unlessAbsent(err)
	}
	return styles.Delete(tx, poolID, found.ID)
}

// change lays settings and assets over those that the style has. Cognito's own
// values take the place of them all.
func (b *style) change(provided *bool, settings json.RawMessage, assets []cognitoidp.AssetType, now time.Time) error {
	if err := branding.CheckAssets(assets); err != nil {
		return errBranding(err)
	}
	has := len(settings) > 0 && string(settings) != "null"
	if has {
		if err := branding.CheckSettings(settings); err != nil {
			return errBranding(err)
		}
	}
	switch {
	case isTrue(provided) && (has || len(assets) > 0):
		return invalid("Settings and Assets must be left out when UseCognitoProvidedValues is true.")
	case isTrue(provided):
		b.Provided, b.Settings, b.Assets = true, nil, nil
	case has:
		merged, err := branding.Merge(b.Settings, settings)
		if err != nil {
			return errBranding(err)
		}
		b.Provided, b.Settings = false, merged
	case provided != nil:
		b.Provided = false
	}
	if b.Assets = branding.WithAssets(b.Assets, assets); len(b.Assets) > maxAssets {
		return invalid("A branding style can have at most %d assets.", maxAssets)
	}
	b.Modified = now
	size := len(b.Settings)
	for _, a := range b.Assets {
		size += len(a.Bytes)
	}
	if size > maxStyle {
		return invalid("A branding style can have at most %d MB of settings and assets.", maxStyle>>20)
	}
	return nil
}

// shown is the style on the wire.
func (b *style) shown(poolID string) *cognitoidp.ManagedLoginBrandingType {
	return &cognitoidp.ManagedLoginBrandingType{
		ManagedLoginBrandingId: b.ID, UserPoolId: poolID, UseCognitoProvidedValues: new(b.Provided), Settings: b.Settings,
		Assets: b.Assets, CreationDate: b.Created, LastModifiedDate: b.Modified,
	}
}

func errNoStyle(err error, id string) error {
	if errors.Is(err, store.ErrNotFound) {
		return cognitoidp.ResourceNotFoundException.Newf("Managed login branding %s does not exist.", id)
	}
	return err
}

// errBranding refuses what package branding found wrong.
func errBranding(err error) error { return invalid("%s", err) }
