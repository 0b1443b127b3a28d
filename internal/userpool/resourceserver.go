package userpool

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/gen/model"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// resourceServers are kept as they are described. The pool owns a resource server,
// and its id is its identifier.
var resourceServers = store.NewCollection[cognitoidp.ResourceServerType]("user_pool_resource_server")

// createResourceServer implements CreateResourceServer.
func (s *Service) createResourceServer(ctx context.Context, c *wire.Call, in *cognitoidp.CreateResourceServerRequest) (*cognitoidp.CreateResourceServerResponse, error) {
	server := &cognitoidp.ResourceServerType{UserPoolId: in.UserPoolId, Identifier: in.Identifier, Name: in.Name, Scopes: in.Scopes}
	if err := checkScopes(server.Scopes); err != nil {
		return nil, err
	}
	err := s.update(ctx, func(tx store.Tx) error {
		if _, err := s.poolRecord(tx, c, in.UserPoolId); err != nil {
			return err
		}
		if err := checkRoom(tx, resourceServers, in.UserPoolId, maxResourceServers, "resource servers"); err != nil {
			return err
		}
		err := resourceServers.Insert(tx, in.UserPoolId, in.Identifier, server)
		if errors.Is(err, store.ErrExists) {
			return invalid("%s already exists in user pool %s.", in.Identifier, in.UserPoolId)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.CreateResourceServerResponse{ResourceServer: server}, nil
}

// checkScopes refuses two scopes of one name.
func checkScopes(scopes []cognitoidp.ResourceServerScopeType) error {
	for i, scope := range scopes {
		if hasScope(scopes[:i], scope.ScopeName) {
			return invalid("Scope %s is given more than once.", scope.ScopeName)
		}
	}
	return nil
}

func hasScope(scopes []cognitoidp.ResourceServerScopeType, name string) bool {
	return slices.ContainsFunc(scopes, func(s cognitoidp.ResourceServerScopeType) bool { return s.ScopeName == name })
}

// resourceServer reads a resource server of a pool of the call's region inside a
// transaction.
func (s *Service) resourceServer(tx store.Tx, c *wire.Call, poolID, identifier string) (*cognitoidp.ResourceServerType, error) {
	if _, err := s.poolRecord(tx, c, poolID); err != nil {
		return nil, err
	}
	server, err := resourceServers.Get(tx, poolID, identifier)
	if errors.Is(err, store.ErrNotFound) {
		return nil, cognitoidp.ResourceNotFoundException.Newf("Resource server %s does not exist.", identifier)
	}
	return server, err
}

// describeResourceServer implements DescribeResourceServer.
func (s *Service) describeResourceServer(ctx context.Context, c *wire.Call, in *cognitoidp.DescribeResourceServerRequest) (*cognitoidp.DescribeResourceServerResponse, error) {
	out := new(cognitoidp.DescribeResourceServerResponse)
	err := s.db.View(ctx, func(tx store.Tx) (err error) {
		out.ResourceServer, err = s.resourceServer(tx, c, in.UserPoolId, in.Identifier)
		return err
	})
	return out, err
}

// updateResourceServer implements UpdateResourceServer. It replaces: a request
// without scopes takes all away. App clients keep the names of scopes that are gone.
func (s *Service) updateResourceServer(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateResourceServerRequest) (*cognitoidp.UpdateResourceServerResponse, error) {
	if err := checkScopes(in.Scopes); err != nil {
		return nil, err
	}
	out := new(cognitoidp.UpdateResourceServerResponse)
	err := s.update(ctx, func(tx store.Tx) (err error) {
		if out.ResourceServer, err = s.resourceServer(tx, c, in.UserPoolId, in.Identifier); err != nil {
			return err
		}
		out.ResourceServer.Name, out.ResourceServer.Scopes = in.Name, in.Scopes
		return resourceServers.Put(tx, in.UserPoolId, in.Identifier, out.ResourceServer)
	})
	return out, err
}

// deleteResourceServer implements DeleteResourceServer.
func (s *Service) deleteResourceServer(ctx context.Context, c *wire.Call, in *cognitoidp.DeleteResourceServerRequest) (*model.Empty, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		if _, err := s.resourceServer(tx, c, in.UserPoolId, in.Identifier); err != nil {
			return err
		}
		return resourceServers.Delete(tx, in.UserPoolId, in.Identifier)
	})
}

// listResourceServers implements ListResourceServers.
func (s *Service) listResourceServers(ctx context.Context, c *wire.Call, in *cognitoidp.ListResourceServersRequest) (out *cognitoidp.ListResourceServersResponse, err error) {
	const most = 50
	out = &cognitoidp.ListResourceServersResponse{ResourceServers: []cognitoidp.ResourceServerType{}}
	limit := int(*orNumber(in.MaxResults, most))
	out.NextToken, err = listPage(ctx, s, c, resourceServers, in.UserPoolId, in.NextToken, limit, func(server *cognitoidp.ResourceServerType) {
		out.ResourceServers = append(out.ResourceServers, *server)
	})
	return out, err
}

// offersScope tells whether a pool knows a scope: a standard one, or a resource
// server's in the form identifier/name.
func (p *pool) offersScope(tx store.Tx, scope string) (bool, error) {
	if slices.Contains(standardScopes, scope) {
		return true, nil
	}
	end := strings.LastIndexByte(scope, '/') // identifiers may hold slashes, names may not
	if end < 0 {
		return false, nil
	}
	server, err := resourceServers.Get(tx, p.Id, scope[:end])
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && hasScope(server.Scopes, scope[end+1:]), err
}
