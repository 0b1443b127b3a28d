package userpool

import (
	"context"
	"errors"
	"net/http"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/userpool/branding"
	"pintail/internal/wire"
)

// uiCustomization is how the classic sign-in pages look, at rest. The pool owns it;
// its id is an app client's or allClients.
type uiCustomization struct {
	CSS               string
	Version           string // of CSS and logo: when they were set
	Logo              []byte `json:",omitzero"`
	LogoForm          string `json:",omitzero"` // png or jpeg
	Created, Modified time.Time
}

var uiCustomizations = store.NewCollection[uiCustomization]("ui_customization")

// setUICustomization implements SetUICustomization. It replaces style and logo; a
// request with neither takes them away.
func (s *Service) setUICustomization(ctx context.Context, c *wire.Call, in *cognitoidp.SetUICustomizationRequest) (*cognitoidp.SetUICustomizationResponse, error) {
	if err := branding.CheckCSS(in.CSS); err != nil {
		return nil, errBranding(err)
	}
	form, err := branding.LogoForm(in.ImageFile)
	if err != nil {
		return nil, errBranding(err)
	}
	clientID, now := or(in.ClientId, allClients), c.Time.Truncate(time.Millisecond)
	made := &uiCustomization{
		CSS: in.CSS, Version: now.UTC().Format("20060102150405"), Logo: in.ImageFile, LogoForm: form, Modified: now,
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if err := s.checkHostedHome(tx, c, in.UserPoolId, clientID); err != nil {
			return err
		}
		before, err := uiCustomizations.Get(tx, in.UserPoolId, clientID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			before = &uiCustomization{Created: now}
		case err != nil:
			return err
		}
		if made.Created = before.Created; made.CSS == "" && len(made.Logo) == 0 {
			return unlessAbsent(uiCustomizations.Delete(tx, in.UserPoolId, clientID))
		}
		return uiCustomizations.Put(tx, in.UserPoolId, clientID, made)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.SetUICustomizationResponse{UICustomization: s.shown(made, in.UserPoolId, clientID)}, nil
}

// getUICustomization implements GetUICustomization: the client's, else the pool's,
// else an empty one.
func (s *Service) getUICustomization(ctx context.Context, c *wire.Call, in *cognitoidp.GetUICustomizationRequest) (*cognitoidp.GetUICustomizationResponse, error) {
	out := &cognitoidp.GetUICustomizationResponse{UICustomization: new(cognitoidp.UICustomizationType)}
	err := s.db.View(ctx, func(tx store.Tx) error {
		if err := s.checkHostedHome(tx, c, in.UserPoolId, in.ClientId); err != nil {
			return err
		}
		found, clientID, err := uiCustomizationFor(tx, in.UserPoolId, or(in.ClientId, allClients))
		if err == nil && found != nil {
			out.UICustomization = s.shown(found, in.UserPoolId, clientID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// checkHostedHome is checkHome for a pool whose sign-in pages somebody can see: one
// with a domain.
func (s *Service) checkHostedHome(tx store.Tx, c *wire.Call, poolID, clientID string) error {
	if err := s.checkHome(tx, c, poolID, clientID); err != nil {
		return err
	}
	p, err := s.poolRecord(tx, c, poolID)
	if err == nil && !p.hasDomain() {
		err = invalid("There has to be an existing domain associated with this user pool")
	}
	return err
}

// uiCustomizationFor returns how the pages of an app client look, and under which
// id that is stored: its own or allClients. Nil is the look without customization.
func uiCustomizationFor(tx store.Tx, poolID, clientID string) (*uiCustomization, string, error) {
	for _, id := range []string{clientID, allClients} {
		found, err := uiCustomizations.Get(tx, poolID, id)
		if !errors.Is(err, store.ErrNotFound) {
			return found, id, err
		}
	}
	return nil, "", nil
}

// shown is the customization on the wire.
func (s *Service) shown(u *uiCustomization, poolID, clientID string) *cognitoidp.UICustomizationType {
	out := &cognitoidp.UICustomizationType{
		UserPoolId: poolID, ClientId: clientID, CSS: u.CSS, LastModifiedDate: u.Modified, CreationDate: u.Created,
		ImageUrl: s.logoURL(u, poolID, clientID),
	}
	if u.CSS != "" {
		out.CSSVersion = u.Version
	}
	return out
}

// logoURL is where a browser finds the logo, "" without one. Another logo has
// another URL.
func (s *Service) logoURL(u *uiCustomization, poolID, clientID string) string {
	if len(u.Logo) == 0 {
		return ""
	}
	return s.baseURL() + "/" + poolID + "/ui/" + clientID + "/" + u.Version + "/image." + u.LogoForm
}

// serveLogo serves a logo to everybody, as a sign-in page does.
func (s *Service) serveLogo(w http.ResponseWriter, r *http.Request) {
	var found *uiCustomization
	err := s.db.View(r.Context(), func(tx store.Tx) (err error) {
		found, err = uiCustomizations.Get(tx, r.PathValue("poolId"), r.PathValue("clientId"))
		return err
	})
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		http.Error(w, "The image cannot be read now.", http.StatusInternalServerError)
		return
	case err != nil || len(found.Logo) == 0 || r.PathValue("version") != found.Version || r.PathValue("file") != "image."+found.LogoForm:
		http.Error(w, "There is no such image.", http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "image/"+found.LogoForm)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=86400")
	_, _ = w.Write(found.Logo) // a reader who went away is nobody's fault
}
