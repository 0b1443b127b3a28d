package audience

import (
	"context"

	"pintail/internal/gen/model"
	"pintail/internal/gen/pinpoint"
	"pintail/internal/wire"
)

// A profile is an identity of an identity pool, as Amplify's provider
// "customer-profiles" knows people: the caller, whom no request can name. It is
// an endpoint and a user of the project, both with the identity's id. The
// devices of the identity are endpoints of that user.

// identityKey is the condition key that holds the caller's identity.
const identityKey = "cognito-identity.amazonaws.com:sub"

// identityOf returns the identity that signed a request, "" if none did.
func identityOf(c *wire.Call) string {
	if ids := c.Caller.Keys[identityKey]; len(ids) == 1 {
		return ids[0]
	}
	return ""
}

// profileResource is the endpoint that IdentifyUser updates.
func profileResource(_ context.Context, c *wire.Call, in *identifyUserRequest) ([]string, error) {
	return []string{c.ARN("mobiletargeting", "apps/"+in.ApplicationId+"/endpoints/"+identityOf(c))}, nil
}

// profileOf returns the project and the identity that a request is about, or
// BadRequestException when none signed it.
func (s *Service) profileOf(ctx context.Context, c *wire.Call, app string) (*project, string, error) {
	p, err := s.project(ctx, app)
	if err != nil {
		return nil, "", err
	}
	who := identityOf(c)
	if who == "" {
		return nil, "", badRequest("Only identities of an identity pool have a profile.")
	}
	return p, who, nil
}

// identifyUser says who the caller is. What it says becomes the user's
// attributes and the place of every endpoint, so that whatever picks endpoints
// finds the devices by them.
func (s *Service) identifyUser(ctx context.Context, c *wire.Call, in *identifyUserRequest) (*model.Empty, error) {
	p, who, err := s.profileOf(ctx, c, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	request, err := in.UserProfile.request(who)
	if err != nil {
		return nil, err
	}
	update, err := newPatch(c, who, request)
	if err != nil {
		return nil, err
	}
	return nil, s.write(ctx, c, p, func(w *writer) error {
		if err := w.apply(update); err != nil || request.Location == nil {
			return err
		}
		return w.moveUser(who, request.Location)
	})
}

// request is the update of a profile's endpoint; u may be nil.
func (u *userProfile) request(who string) (*pinpoint.EndpointRequest, error) {
	r := &pinpoint.EndpointRequest{User: &pinpoint.EndpointUser{UserId: who}}
	if u == nil {
		return r, nil
	}
	said := make(map[string][]string, len(u.CustomAttributes)+3)
	for name, value := range u.CustomAttributes {
		if name == "principalId" {
			return nil, badRequest("principalId is not for callers to say.")
		}
		said[name] = []string{value}
	}
	for name, value := range map[string]string{"email": u.Email, "name": u.Name, "phone": u.Phone} {
		if value != "" {
			said[name] = []string{value}
		}
	}
	r.User.UserAttributes = said
	if l := u.Location; l != nil {
		r.Location = &pinpoint.EndpointLocation{City: l.City, Country: l.Country, PostalCode: l.PostalCode, Region: l.Region}
	}
	return r, nil
}

// moveUser puts the devices of a profile to its place. They are not updated
// otherwise: nothing has been heard of them.
func (w *writer) moveUser(id string, place *pinpoint.EndpointLocation) error {
	all, err := endpointsOf(w.tx, w.project.id, id, MaxEndpointsPerUser)
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.ID == id {
			continue // the profile itself, which is there
		}
		e.Location = mergedLocation(e.Location, place)
		if err := checkEndpoint(e); err != nil {
			return err
		}
		if err := w.put(e); err != nil {
			return err
		}
	}
	return nil
}

// registerDevice makes a device the caller's: a new one, one with a new push
// token, or one that somebody else used before.
func (s *Service) registerDevice(ctx context.Context, c *wire.Call, in *registerDeviceRequest) (*model.Empty, error) {
	p, who, err := s.profileOf(ctx, c, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	d := in.Device
	switch {
	case d == nil:
		return nil, badRequest("Missing device")
	case d.Token == "":
		return nil, badRequest("Missing token")
	case !evictable[d.ChannelType]:
		return nil, badRequest("channelType is not one of push notifications.")
	}
	request := &pinpoint.EndpointRequest{
		ChannelType: d.ChannelType, Address: d.Token, User: &pinpoint.EndpointUser{UserId: who},
		Demographic: &pinpoint.EndpointDemographic{Platform: d.Platform, AppVersion: d.AppVersion},
	}
	update, err := newPatch(c, d.DeviceId, request)
	if err != nil {
		return nil, err
	}
	return nil, s.write(ctx, c, p, func(w *writer) error {
		profile, err := w.find(who)
		if err != nil {
			return err
		}
		if profile != nil {
			request.Location = profile.Location
		}
		return w.apply(update)
	})
}

// removeDevice deletes a device of the caller. Nothing happens to one that is
// not theirs, nor is it told whether there is one.
func (s *Service) removeDevice(ctx context.Context, c *wire.Call, in *removeDeviceRequest) (*model.Empty, error) {
	p, who, err := s.profileOf(ctx, c, in.ApplicationId)
	if err != nil {
		return nil, err
	}
	if err := CheckEndpointID(in.DeviceId); err != nil {
		return nil, err
	}
	theirs := false
	err = s.write(ctx, c, p, func(w *writer) error {
		e, err := w.find(in.DeviceId)
		if theirs = err == nil && e != nil && e.UserID == who; !theirs {
			return err
		}
		owner, err := p.readUser(w.tx, who)
		if err != nil {
			return err
		}
		return w.remove(e, owner)
	})
	if !theirs {
		c.Note("device", "not the caller's")
	}
	return nil, err
}
