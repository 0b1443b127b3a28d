package app

import (
	"net/http"

	"pintail/internal/wire"
)

// eventDays is how long the events of an application are to be kept.
type eventDays struct {
	inApp
	EventDays *int // nil: as the server's settings say
}

func (in *eventDays) read(r *http.Request, body []byte) error {
	if err := readBody(body, in); err != nil {
		return err
	}
	return in.inApp.read(r, nil)
}

func (in *eventDays) recorded() any {
	return map[string]any{"app": in.App, "eventDays": in.EventDays}
}

func (a *App) getRetention(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *inApp) error {
	rule, err := a.retention.Get(r.Context(), in.App)
	if err == nil {
		writeJSON(w, http.StatusOK, rule)
	}
	return err
}

func (a *App) putRetention(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *eventDays) error {
	rule, err := a.retention.Set(r.Context(), in.App, in.EventDays)
	if err == nil {
		writeJSON(w, http.StatusOK, rule)
	}
	return err
}
