package access

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// role is an IAM role at rest, with its inline policies.
type role struct {
	Name        string // as it was given; names differ regardless of case
	Path        string
	ID          string // AROA...; a role made anew under the same name has another
	ARN         string
	Created     time.Time
	Description string
	MaxSession  int32 // seconds
	Trust       string
	Policies    []inlinePolicy // by name
	Tags        []iam.Tag

	// Compiled when the role is read.
	trust    *policy.Document
	identity []policy.Named
}

type inlinePolicy struct{ Name, Document string }

// roles are owned by the account; the id is the name in lower case.
var roles = store.NewCollection[role]("role")

// Quotas of IAM (IAM and AWS STS quotas).
const (
	maxRoles           = 1000
	maxTrustSize       = 4096
	maxInlineSize      = 10_240
	defaultMaxSession  = 3600
	defaultPageSize    = 100
	noSuchRole         = "The role with name %s cannot be found."
	noSuchRolePolicy   = "The role policy with name %s cannot be found."
	roleExists         = "Role with name %s already exists."
	malformedTrustSize = "Cannot exceed quota for ACLSizePerRole: 4096"
)

// compile parses the role's documents. Stored documents have been validated
// when they were saved, so a failure is a damaged store.
func (r *role) compile() error {
	var err error
	if r.trust, err = policy.Parse([]byte(r.Trust), policy.Trust); err != nil {
		return err
	}
	r.identity = nil
	for _, p := range r.Policies {
		document, err := policy.Parse([]byte(p.Document), policy.Identity)
		if err != nil {
			return err
		}
		r.identity = append(r.identity, policy.Named{Name: "inline " + p.Name + " on role " + r.Name, Document: document})
	}
	return nil
}

// findRole returns a role by name with its documents compiled, nil when there
// is none.
func (s *Service) findRole(ctx context.Context, name string) (*role, error) {
	key := strings.ToLower(name)
	return s.roles.Load(key, func(*role) (r *role, err error) {
		err = s.db.View(ctx, func(tx store.Tx) (err error) {
			r, err = roles.Get(tx, s.account.String(), key)
			return err
		})
		if errors.Is(err, store.ErrNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return r, r.compile()
	})
}

// changeRole applies a change to a stored role and forgets the cached one.
func (s *Service) changeRole(ctx context.Context, name string, change func(*role) error) error {
	key := strings.ToLower(name)
	defer s.roles.Forget(key)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		_, err := roles.Modify(tx, s.account.String(), key, change)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return iam.NoSuchEntityException.Newf(noSuchRole, name)
	}
	return err
}

// mustFindRole is findRole with IAM's answer to a role that is not there.
func (s *Service) mustFindRole(ctx context.Context, name string) (*role, error) {
	r, err := s.findRole(ctx, name)
	if err == nil && r == nil {
		err = iam.NoSuchEntityException.Newf(noSuchRole, name)
	}
	return r, err
}

// byRole names the resource of an operation on an existing role, whose ARN has
// a path that only the directory knows.
func byRole[In any](s *Service, name func(*In) string) wire.Option {
	return wire.Resources(func(ctx context.Context, _ *wire.Call, in *In) ([]string, error) {
		r, err := s.findRole(ctx, name(in))
		if err != nil || r == nil {
			return []string{s.arn("role/" + name(in))}, err
		}
		return []string{r.ARN}, nil
	})
}

// createRole implements CreateRole.
func (s *Service) createRole(ctx context.Context, c *wire.Call, in *iam.CreateRoleRequest) (*iam.CreateRoleResponse, error) {
	if in.PermissionsBoundary != "" {
		return nil, iam.InvalidInputException.New("Permissions boundaries are not supported by this server.")
	}
	r := role{
		Name: in.RoleName, Path: in.Path, ID: s.account.NewID(ids.Role), Created: c.Time.Truncate(time.Second),
		Description: in.Description, MaxSession: defaultMaxSession, Tags: in.Tags,
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if in.MaxSessionDuration != nil {
		r.MaxSession = *in.MaxSessionDuration
	}
	r.ARN = s.arn("role" + r.Path + r.Name)
	key := strings.ToLower(r.Name)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		trust, err := s.checkTrust(tx, in.AssumeRolePolicyDocument)
		if err != nil {
			return err
		}
		r.Trust = trust
		count, err := roles.Count(tx, s.account.String())
		if err != nil {
			return err
		}
		if count >= maxRoles {
			return iam.LimitExceededException.Newf("Cannot exceed quota for RolesPerAccount: %d", maxRoles)
		}
		return roles.Insert(tx, s.account.String(), key, &r)
	})
	if errors.Is(err, store.ErrExists) {
		return nil, iam.EntityAlreadyExistsException.Newf(roleExists, r.Name)
	}
	if err != nil {
		return nil, err
	}
	s.roles.Forget(key)
	answer := r.describe()
	answer.MaxSessionDuration = nil // AWS leaves it out of this one answer
	return &iam.CreateRoleResponse{Role: answer}, nil
}

// checkTrust validates a trust policy and returns the text to keep.
func (s *Service) checkTrust(tx store.Tx, text string) (string, error) {
	document, err := policy.Parse([]byte(text), policy.Trust)
	if err != nil {
		return "", malformed(err)
	}
	if policy.Size(text) > maxTrustSize {
		return "", iam.LimitExceededException.New(malformedTrustSize)
	}
	_, err = document.Resolve(func(arn string) (string, bool) {
		r, err := roles.Get(tx, s.account.String(), strings.ToLower(lastSegment(arn)))
		if err != nil || r.ARN != arn {
			return "", false
		}
		return r.ID, true
	})
	if err != nil {
		return "", malformed(err)
	}
	return text, nil
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
	r, err := s.mustFindRole(ctx, in.RoleName)
	if err != nil {
		return nil, err
	}
	answer := r.describe()
	answer.RoleLastUsed = new(iam.RoleLastUsed)
	return &iam.GetRoleResponse{Role: answer}, nil
}

// listRoles implements ListRoles.
func (s *Service) listRoles(ctx context.Context, _ *wire.Call, in *iam.ListRolesRequest) (*iam.ListRolesResponse, error) {
	after, err := s.tokens.Open(in.Marker, s.account.String(), "ListRoles", in.PathPrefix)
	if err != nil {
		return nil, wire.ValidationError.New("Invalid Marker.")
	}
	limit := defaultPageSize
	if in.MaxItems != nil {
		limit = int(*in.MaxItems)
	}
	out := &iam.ListRolesResponse{Roles: []iam.Role{}, IsTruncated: new(false)}
	err = s.db.View(ctx, func(tx store.Tx) error {
		out.Roles = out.Roles[:0]
		last := after
		for r, err := range roles.All(tx, s.account.String(), store.Query{After: after}) {
			if err != nil {
				return err
			}
			if !strings.HasPrefix(r.Path, in.PathPrefix) {
				continue
			}
			if len(out.Roles) == limit {
				out.IsTruncated = new(true)
				out.Marker = s.tokens.Seal(last, s.account.String(), "ListRoles", in.PathPrefix)
				return nil
			}
			listed := r.describe()
			listed.Tags = nil
			out.Roles = append(out.Roles, *listed)
			last = store.Cursor{ID: strings.ToLower(r.Name)}
		}
		return nil
	})
	return out, err
}

// updateRole implements UpdateRole. A member that is left out stays.
func (s *Service) updateRole(ctx context.Context, _ *wire.Call, in *iam.UpdateRoleRequest) (*iam.UpdateRoleResponse, error) {
	err := s.changeRole(ctx, in.RoleName, func(r *role) error {
		if in.Description != "" {
			r.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
	return nil, err
}

// updateAssumeRolePolicy implements UpdateAssumeRolePolicy.
func (s *Service) updateAssumeRolePolicy(ctx context.Context, _ *wire.Call, in *iam.UpdateAssumeRolePolicyRequest) (*emptyAnswer, error) {
	key := strings.ToLower(in.RoleName)
	defer s.roles.Forget(key)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		trust, err := s.checkTrust(tx, in.PolicyDocument)
		if err != nil {
			return err
		}
		_, err = roles.Modify(tx, s.account.String(), key, func(r *role) error {
			r.Trust = trust
			return nil
		})
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		err = iam.NoSuchEntityException.Newf(noSuchRole, in.RoleName)
	}
	return nil, err
}

// deleteRole implements DeleteRole.
func (s *Service) deleteRole(ctx context.Context, _ *wire.Call, in *iam.DeleteRoleRequest) (*emptyAnswer, error) {
	key := strings.ToLower(in.RoleName)
	defer s.roles.Forget(key)
	err := s.db.Update(ctx, func(tx store.Tx) error {
		r, err := roles.Get(tx, s.account.String(), key)
		if err != nil {
			return err
		}
		if len(r.Policies) > 0 {
			return iam.DeleteConflictException.New("Cannot delete entity, must delete policies first.")
		}
		return roles.Delete(tx, s.account.String(), key)
	})
	if errors.Is(err, store.ErrNotFound) {
		err = iam.NoSuchEntityException.Newf(noSuchRole, in.RoleName)
	}
	return nil, err
}

// describe is the role as IAM shows it.
func (r *role) describe() *iam.Role {
	return &iam.Role{
		Path: r.Path, RoleName: r.Name, RoleId: r.ID, Arn: r.ARN, CreateDate: r.Created,
		AssumeRolePolicyDocument: percentEncoded(r.Trust),
		Description:              r.Description, MaxSessionDuration: new(r.MaxSession), Tags: r.Tags,
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
