package access

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// role is an IAM role at rest.
type role struct {
	identity
	Description string
	MaxSession  int32 // seconds
	Trust       string
	// Trusted are the unique ids of the users and roles that the trust policy names, as of
	// when it was saved: whoever is made anew under such a name is not trusted.
	Trusted map[string]string `json:",omitzero"`

	// Compiled when the role is read.
	trust    *policy.Document
	standing *standing
}

var roles = &kind[role]{
	Collection: store.NewCollection("role", store.Unique("unique", func(r *role) string { return r.ID })),
	noun:       "role", ids: ids.Role, most: 1000, quota: "RolesPerAccount", inline: 10_240,
	identity: func(r *role) *identity { return &r.identity },
}

const (
	maxTrustSize       = 4096 // (IAM and AWS STS quotas)
	defaultMaxSession  = 3600
	malformedTrustSize = "Cannot exceed quota for ACLSizePerRole: 4096"
)

// servicePath begins the paths of service-linked roles.
const servicePath = "/aws-service-role/"

// modifiable refuses a change to a role that belongs to a service.
func (i *identity) modifiable() error {
	if strings.HasPrefix(i.Path, servicePath) {
		return iam.UnmodifiableEntityException.Newf("Cannot perform the operation on the protected role '%s' - this role is only modifiable by AWS", i.Name)
	}
	return nil
}

// findRole returns a role by name with its documents compiled, nil when there
// is none.
func (s *Service) findRole(ctx context.Context, name string) (*role, error) {
	key := strings.ToLower(name)
	return s.roles.Load(key, func(*role) (r *role, err error) {
		err = s.db.View(ctx, func(tx store.Tx) (err error) {
			if r, err = roles.Get(tx, s.account.String(), key); err != nil {
				return err
			}
			r.standing, err = s.stand(tx, &r.identity, roles.noun)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if r.trust, err = s.document(policy.Trust, r.Trust); err != nil || r.Trusted == nil {
			return r, err
		}
		r.trust, err = r.trust.Resolve(func(arn string) (string, bool) {
			id, known := r.Trusted[arn]
			return id, known
		})
		return r, err
	})
}

// createRole implements CreateRole.
func (s *Service) createRole(ctx context.Context, c *wire.Call, in *iam.CreateRoleRequest) (*iam.CreateRoleResponse, error) {
	tags, err := newTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(in.Path, servicePath) {
		return nil, iam.InvalidInputException.Newf("The specified value for path is invalid: %s is for the roles of services.", servicePath)
	}
	r := &role{
		identity:    s.newIdentity(c, roles.noun, roles.ids, in.RoleName, in.Path, tags),
		Description: in.Description, MaxSession: defaultMaxSession,
	}
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}
	err = s.update(ctx, func(tx store.Tx) error {
		if err := s.setTrust(tx, r, in.AssumeRolePolicyDocument); err != nil {
			return err
		}
		if err := roles.add(tx, s.account.String(), r); err != nil {
			return err
		}
		return s.setBoundary(tx, &r.identity, in.PermissionsBoundary)
	})
	if err != nil {
		return nil, err
	}
	answer := r.describe()
	answer.MaxSessionDuration = nil // AWS leaves it out of this one answer
	answer.Tags, answer.PermissionsBoundary = r.Tags, boundary(in.PermissionsBoundary)
	return &iam.CreateRoleResponse{Role: answer}, nil
}

// setTrust validates a trust policy and gives it to a role.
func (s *Service) setTrust(tx store.Tx, r *role, text string) error {
	document, err := policy.Parse([]byte(text), policy.Trust)
	if err != nil {
		return malformed(err)
	}
	if policy.Size(text) > maxTrustSize {
		return iam.LimitExceededException.New(malformedTrustSize)
	}
	trusted := map[string]string{}
	_, err = document.Resolve(func(arn string) (id string, known bool) {
		id, known = s.uniqueID(tx, arn)
		trusted[arn] = id
		return id, known
	})
	if err != nil {
		return malformed(err)
	}
	r.Trust, r.Trusted = text, trusted
	return nil
}

// uniqueID finds the user or role of an ARN.
func (s *Service) uniqueID(tx store.Tx, arn string) (id string, known bool) {
	name := strings.ToLower(lastSegment(arn))
	if u, err := users.Get(tx, s.account.String(), name); err == nil && u.ARN == arn {
		return u.ID, true
	}
	if r, err := roles.Get(tx, s.account.String(), name); err == nil && r.ARN == arn {
		return r.ID, true
	}
	return "", false
}

// malformed is IAM's answer to a document that policy refuses.
func malformed(err error) error {
	var bad *policy.MalformedError
	if errors.As(err, &bad) {
		return iam.MalformedPolicyDocumentException.New(bad.Message).WithReason(bad.Detail)
	}
	return err
}

// getRole implements GetRole.
func (s *Service) getRole(ctx context.Context, _ *wire.Call, in *iam.GetRoleRequest) (*iam.GetRoleResponse, error) {
	out := new(iam.GetRoleResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		r, err := roles.find(tx, s.account.String(), in.RoleName)
		if err != nil {
			return err
		}
		out.Role = r.describe()
		out.Role.Tags, out.Role.RoleLastUsed = r.Tags, new(iam.RoleLastUsed)
		out.Role.PermissionsBoundary, err = s.boundaryOf(tx, &r.identity)
		return err
	})
	return out, err
}

// listRoles implements ListRoles.
func (s *Service) listRoles(ctx context.Context, _ *wire.Call, in *iam.ListRolesRequest) (*iam.ListRolesResponse, error) {
	p, err := s.page(in.Marker, in.MaxItems, "ListRoles", in.PathPrefix)
	if err != nil {
		return nil, err
	}
	out := new(iam.ListRolesResponse)
	out.Roles, err = list(ctx, s, roles, in.PathPrefix, p, func(r *role) iam.Role { return *r.describe() })
	out.IsTruncated, out.Marker = p.end()
	return out, err
}

// updateRole implements UpdateRole. A member that is left out stays. Of a role of a
// service only the description can be changed.
func (s *Service) updateRole(ctx context.Context, _ *wire.Call, in *iam.UpdateRoleRequest) (*iam.UpdateRoleResponse, error) {
	return nil, change(ctx, s, roles, in.RoleName, func(_ store.Tx, r *role) error {
		if in.Description != "" {
			r.Description = in.Description
		}
		if in.MaxSessionDuration == nil {
			return nil
		}
		r.MaxSession = *in.MaxSessionDuration
		return r.modifiable()
	})
}

// updateRoleDescription implements UpdateRoleDescription.
func (s *Service) updateRoleDescription(ctx context.Context, _ *wire.Call, in *iam.UpdateRoleDescriptionRequest) (*iam.UpdateRoleDescriptionResponse, error) {
	out := new(iam.UpdateRoleDescriptionResponse)
	return out, change(ctx, s, roles, in.RoleName, func(_ store.Tx, r *role) error {
		r.Description = in.Description
		out.Role = r.describe()
		return nil
	})
}

// updateAssumeRolePolicy implements UpdateAssumeRolePolicy.
func (s *Service) updateAssumeRolePolicy(ctx context.Context, _ *wire.Call, in *iam.UpdateAssumeRolePolicyRequest) (*emptyAnswer, error) {
	return nil, change(ctx, s, roles, in.RoleName, func(tx store.Tx, r *role) error {
		if err := r.modifiable(); err != nil {
			return err
		}
		return s.setTrust(tx, r, in.PolicyDocument)
	})
}

// deleteRole implements DeleteRole.
func (s *Service) deleteRole(ctx context.Context, _ *wire.Call, in *iam.DeleteRoleRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		r, err := roles.find(tx, s.account.String(), in.RoleName)
		if err != nil {
			return err
		}
		if err := r.modifiable(); err != nil {
			return err
		}
		if err := s.clearPolicies(tx, &r.identity); err != nil {
			return err
		}
		return roles.Delete(tx, s.account.String(), r.key())
	})
}

// listInstanceProfilesForRole implements ListInstanceProfilesForRole: there are no
// instances here, and Terraform asks before it deletes a role.
func (s *Service) listInstanceProfilesForRole(ctx context.Context, _ *wire.Call, in *iam.ListInstanceProfilesForRoleRequest) (*iam.ListInstanceProfilesForRoleResponse, error) {
	_, err := view(ctx, s, roles, in.RoleName)
	return &iam.ListInstanceProfilesForRoleResponse{InstanceProfiles: []iam.InstanceProfile{}, IsTruncated: new(false)}, err
}

// describe is the role as IAM shows it.
func (r *role) describe() *iam.Role {
	return &iam.Role{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: r.Created,
		AssumeRolePolicyDocument: percentEncoded(r.Trust),
		Description:              r.Description, MaxSessionDuration: new(r.MaxSession),
	}
}

// percentEncoded encodes a document as IAM's answers carry it (RFC 3986).
func percentEncoded(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

// Counts tells how many roles there are, for the status page.
func (s *Service) Counts(tx store.Tx) (map[string]int, error) {
	n, err := roles.Count(tx, s.account.String())
	return map[string]int{"roles": n}, err
}
