package app

import "pintail/internal/eventstore"

// EventLog is the server's event log.
func (a *App) EventLog() eventstore.Store { return a.events }
