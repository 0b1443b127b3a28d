package audience

import (
	"context"
	"errors"
	"strconv"
	"unicode/utf8"

	"pintail/internal/gen/pinpoint"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

var apps = store.NewCollection[pinpoint.ApplicationResponse]("app")

// Limits of a project's description. The numbers of tags and their lengths are
// those of AWS resource tags; that of a name is ours.
const (
	maxAppName  = 256
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// pageSize is the default and the largest page of GetApps. AWS publishes neither.
const pageSize = 100

// dateFormat is how Pinpoint writes dates.
const dateFormat = "2006-01-02T15:04:05.000Z"

// project is what the room remembers of an app to judge requests.
type project struct {
	id, account string
	names       *nameSet
}

// exists returns NotFoundException when the app has been deleted since.
func (p *project) exists(tx store.Tx) error {
	_, err := apps.Get(tx, p.account, p.id)
	if errors.Is(err, store.ErrNotFound) {
		return unknownApp(p.id)
	}
	return err
}

func unknownApp(id string) error {
	return pinpoint.NotFoundException.Newf("No application with the id %q was found.", id)
}

// CheckApp returns NotFoundException when there is no such project.
func (s *Service) CheckApp(ctx context.Context, id string) error {
	_, err := s.project(ctx, id)
	return err
}

// project returns what every request to an app needs to know, mostly from memory.
func (s *Service) project(ctx context.Context, id string) (*project, error) {
	if p, ok := s.known.Get(id); ok {
		return p, nil
	}
	p, moment := &project{id: id, account: s.account}, s.known.Begin()
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		if err = p.exists(tx); err == nil {
			p.names, err = readNames(tx, id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	s.known.Put(id, p, moment)
	return p, nil
}

// createApp implements CreateApp.
func (s *Service) createApp(ctx context.Context, c *wire.Call, in *pinpoint.CreateAppRequest) (*pinpoint.CreateAppResponse, error) {
	request := in.CreateApplicationRequest
	if err := checkApp(request); err != nil {
		return nil, err
	}
	id := ids.Pinpoint()
	app := &pinpoint.ApplicationResponse{
		Arn: c.ARN("mobiletargeting", "apps/"+id), Id: id,
		Name: request.Name, Tags: request.Tags, CreationDate: c.Time.UTC().Format(dateFormat),
	}
	err := s.db.Update(ctx, func(tx store.Tx) error { return apps.Insert(tx, s.account, id, app) })
	return &pinpoint.CreateAppResponse{ApplicationResponse: app}, err
}

func checkApp(in *pinpoint.CreateApplicationRequest) error {
	if n := utf8.RuneCountInString(in.Name); n == 0 || n > maxAppName || !plain(in.Name) {
		return badRequest("Name must have 1 to %d characters.", maxAppName)
	}
	if len(in.Tags) > maxTags {
		return badRequest("A resource has at most %d tags.", maxTags)
	}
	for key, value := range in.Tags {
		if n := utf8.RuneCountInString(key); n == 0 || n > maxTagKey || !plain(key) {
			return badRequest("Tag keys must have 1 to %d characters.", maxTagKey)
		}
		if utf8.RuneCountInString(value) > maxTagValue || !plain(value) {
			return badRequest("Tag values must have at most %d characters.", maxTagValue)
		}
	}
	return nil
}

// getApp implements GetApp.
func (s *Service) getApp(ctx context.Context, _ *wire.Call, in *pinpoint.GetAppRequest) (*pinpoint.GetAppResponse, error) {
	var app *pinpoint.ApplicationResponse
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		app, err = apps.Get(tx, s.account, in.ApplicationId)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, unknownApp(in.ApplicationId)
	}
	return &pinpoint.GetAppResponse{ApplicationResponse: app}, err
}

// getApps implements GetApps. Pages are of at most pageSize, whatever is asked for.
func (s *Service) getApps(ctx context.Context, _ *wire.Call, in *pinpoint.GetAppsRequest) (*pinpoint.GetAppsResponse, error) {
	limit := pageSize
	if in.PageSize != "" {
		n, err := strconv.Atoi(in.PageSize)
		if err != nil || n < 1 {
			return nil, badRequest("page-size must be a positive number.")
		}
		limit = min(n, pageSize)
	}
	after, err := s.tokens.Open(in.Token, s.account, "GetApps")
	if err != nil {
		return nil, badRequest("The token is not valid.")
	}
	out := &pinpoint.ApplicationsResponse{Item: []pinpoint.ApplicationResponse{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		page, next, err := apps.List(tx, s.account, store.Query{After: after, Limit: limit})
		for _, app := range page {
			out.Item = append(out.Item, *app)
		}
		out.NextToken = s.tokens.Seal(next, s.account, "GetApps")
		return err
	})
	return &pinpoint.GetAppsResponse{ApplicationsResponse: out}, err
}

// deleteApp implements DeleteApp: the project goes with its endpoints, users
// and events. A deletion that failed half way is completed by repeating it, so
// the events are erased even when the directory knows the project no more.
func (s *Service) deleteApp(ctx context.Context, _ *wire.Call, in *pinpoint.DeleteAppRequest) (*pinpoint.DeleteAppResponse, error) {
	id := in.ApplicationId
	var app *pinpoint.ApplicationResponse
	err := s.db.Update(ctx, func(tx store.Tx) (err error) {
		if app, err = apps.Get(tx, s.account, id); err != nil {
			return err
		}
		for _, deleteAll := range []func(store.Tx, string) (int, error){endpoints.DeleteAll, users.DeleteAll, names.DeleteAll, retentions.DeleteAll} {
			if _, err := deleteAll(tx, id); err != nil {
				return err
			}
		}
		if err := s.onDelete(tx, id); err != nil {
			return err
		}
		return apps.Delete(tx, s.account, id)
	})
	unknown := errors.Is(err, store.ErrNotFound)
	if err != nil && !unknown {
		return nil, err
	}
	s.known.Forget(id)
	if err := s.events.DeleteApp(ctx, id); err != nil {
		return nil, err
	}
	if unknown {
		return nil, unknownApp(id)
	}
	return &pinpoint.DeleteAppResponse{ApplicationResponse: app}, nil
}
