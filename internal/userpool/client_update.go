package userpool

import (
	"context"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// updateUserPoolClient implements UpdateUserPoolClient. It replaces: what the request
// leaves out goes back to its default, but for the name. The secrets stay.
func (s *Service) updateUserPoolClient(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserPoolClientRequest) (*cognitoidp.UpdateUserPoolClientResponse, error) {
	project, err := s.mayReport(ctx, c, in.UserPoolId, in.AnalyticsConfiguration)
	if err != nil {
		return nil, err
	}
	record, err := s.changeClient(ctx, c, in.UserPoolId, in.ClientId, func(tx store.Tx, r *clientRecord) error {
		p, err := s.poolRecord(tx, c, in.UserPoolId)
		if err != nil {
			return err
		}
		wanted := clientReplacement(in, r)
		if err := checkClientSettings(tx, p.keyless(), wanted, updating); err != nil {
			return err
		}
		settings := clientDefaults(wanted)
		settings.ClientId, settings.CreationDate = r.Settings.ClientId, r.Settings.CreationDate
		settings.LastModifiedDate = c.Time.Truncate(time.Millisecond)
		r.Settings = *settings
		return s.configureReports(tx, c, r, project)
	})
	if err != nil {
		return nil, err
	}
	shown, err := s.described(record)
	return &cognitoidp.UpdateUserPoolClientResponse{UserPoolClient: shown}, err
}

// clientReplacement returns the request that would make the client anew as an
// update wants it.
func clientReplacement(in *cognitoidp.UpdateUserPoolClientRequest, old *clientRecord) *cognitoidp.CreateUserPoolClientRequest {
	return &cognitoidp.CreateUserPoolClientRequest{
		UserPoolId:                               in.UserPoolId,
		ClientName:                               or(in.ClientName, old.Settings.ClientName),
		GenerateSecret:                           new(len(old.secrets()) > 0),
		RefreshTokenValidity:                     in.RefreshTokenValidity,
		AccessTokenValidity:                      in.AccessTokenValidity,
		IdTokenValidity:                          in.IdTokenValidity,
		TokenValidityUnits:                       in.TokenValidityUnits,
		ReadAttributes:                           in.ReadAttributes,
		WriteAttributes:                          in.WriteAttributes,
		ExplicitAuthFlows:                        in.ExplicitAuthFlows,
		SupportedIdentityProviders:               in.SupportedIdentityProviders,
		CallbackURLs:                             in.CallbackURLs,
		LogoutURLs:                               in.LogoutURLs,
		DefaultRedirectURI:                       in.DefaultRedirectURI,
		AllowedOAuthFlows:                        in.AllowedOAuthFlows,
		AllowedOAuthScopes:                       in.AllowedOAuthScopes,
		AllowedOAuthFlowsUserPoolClient:          in.AllowedOAuthFlowsUserPoolClient,
		AnalyticsConfiguration:                   in.AnalyticsConfiguration,
		PreventUserExistenceErrors:               in.PreventUserExistenceErrors,
		EnableTokenRevocation:                    in.EnableTokenRevocation,
		EnablePropagateAdditionalUserContextData: in.EnablePropagateAdditionalUserContextData,
		AuthSessionValidity:                      in.AuthSessionValidity,
		RefreshTokenRotation:                     in.RefreshTokenRotation,
	}
}
