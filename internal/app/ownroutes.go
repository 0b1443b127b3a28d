package app

// ownRoutes are the server's own operations that policies can allow, beside the paths
// of the owner alone.
func (a *App) ownRoutes() {
	own(a, "GET /_pintail/live", ownOperation("GetLiveFeed"), a.watchLive, recordedFirst)
}
