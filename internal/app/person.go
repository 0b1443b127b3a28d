package app

import (
	"context"
	"io"
	"net/http"
	"time"

	"pintail/internal/audit"
	"pintail/internal/person"
	"pintail/internal/wire"
)

// somebody is whom an operation is about.
type somebody struct {
	person.Query
	found *person.Subject // once they were looked for
}

func (in *somebody) read(_ *http.Request, body []byte) error { return readBody(body, &in.Query) }

func (in *somebody) resources(c *wire.Call) (arns []string) {
	if in.App != "" {
		arns = append(arns, appARN(c, in.App))
	}
	if in.UserPool != "" {
		arns = append(arns, poolARN(c, in.UserPool))
	}
	if arns == nil { // the operation will refuse it
		arns = []string{"*"}
	}
	return arns
}

// recorded names the person by an id. What somebody typed to find a user of a pool may
// be an address, and is not kept.
func (in *somebody) recorded() any {
	who := map[string]string{}
	for name, value := range map[string]string{"app": in.App, "userPool": in.UserPool, "endpoint": in.Endpoint} {
		if value != "" {
			who[name] = value
		}
	}
	switch {
	case in.UserPool == "" && in.User != "":
		who["user"] = in.User
	case in.found != nil && in.found.User != nil:
		who["user"] = in.found.User.Sub
	}
	return who
}

func (a *App) find(ctx context.Context, in *somebody) (err error) {
	in.found, err = a.persons.Find(ctx, in.Query)
	return err
}

// planPerson answers with what a deletion would delete.
func (a *App) planPerson(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *somebody) error {
	if err := a.find(r.Context(), in); err != nil {
		return err
	}
	plan, err := a.persons.Plan(r.Context(), in.found)
	if err == nil {
		writeJSON(w, http.StatusOK, plan)
	}
	return err
}

// exportPerson answers with everything that is kept of somebody.
func (a *App) exportPerson(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *somebody) error {
	if err := a.find(r.Context(), in); err != nil {
		return err
	}
	unbounded(w)
	begun := false
	err := a.persons.Export(r.Context(), in.found, func() io.Writer {
		begun = true
		w.Header().Set("Content-Type", "application/json")
		return &patientWriter{to: w, control: http.NewResponseController(w)}
	})
	if err != nil && begun {
		a.log.Error("an export of a person ended early", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// deletePerson begins a deletion, which goes on by itself.
func (a *App) deletePerson(w http.ResponseWriter, r *http.Request, c *wire.Call, in *somebody) error {
	if err := a.find(r.Context(), in); err != nil {
		return err
	}
	record := audit.NewRecord(wire.Audited{Call: c, Input: in.recorded(), Resources: in.resources(c)})
	d, err := a.persons.Delete(r.Context(), in.found, record)
	if err == nil {
		writeJSON(w, http.StatusAccepted, d)
	}
	return err
}

// deletion names a deletion.
type deletion struct{ ID string }

func (in *deletion) read(r *http.Request, _ []byte) error {
	in.ID = r.PathValue("id")
	return nil
}

func (in *deletion) resources(c *wire.Call) []string {
	return []string{c.ARN(SigningName, "person-deletion/"+in.ID)}
}

func (in *deletion) recorded() any { return in }

// personDeletion answers with how far a deletion is, and waits for its end when the
// query says so.
func (a *App) personDeletion(w http.ResponseWriter, r *http.Request, _ *wire.Call, in *deletion) error {
	wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
	ctx, cancel := context.WithTimeout(r.Context(), min(max(wait, 0), 30*time.Second))
	defer cancel()
	d, err := a.persons.Wait(ctx, in.ID)
	if err == nil {
		writeJSON(w, http.StatusOK, d)
	}
	return err
}
