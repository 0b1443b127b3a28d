package app

// ownRoutes are the server's own operations that policies can allow, beside the paths
// of the owner alone.
func (a *App) ownRoutes() {
	own(a, "GET /_pintail/live", ownOperation("GetLiveFeed"), a.watchLive, recordedFirst)
	own(a, "GET /_pintail/apps/{app}/events", ownOperation("GetEvents"), a.exportEvents, recordedFirst)
	own(a, "GET /_pintail/apps/{app}/retention", ownOperation("GetEventRetention"), a.getRetention)
	own(a, "PUT /_pintail/apps/{app}/retention", ownOperation("PutEventRetention"), a.putRetention)
	own(a, "POST /_pintail/person/plan", ownOperation("GetPerson"), a.planPerson)
	own(a, "POST /_pintail/person/export", ownOperation("GetPerson"), a.exportPerson)
	own(a, "POST /_pintail/person/delete", ownOperation("DeletePerson"), a.deletePerson, recordedWithin)
	own(a, "GET /_pintail/person/deletions/{id}", ownOperation("GetPersonDeletion"), a.personDeletion)
}
