package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// managedPolicy is a policy with an ARN of its own, at rest: one of the account's, or one
// of AWS's, which are built in and kept nowhere.
type managedPolicy struct {
	Name, Path, ID, ARN, Description string
	Created, Updated                 time.Time
	Tags                             []iam.Tag
	Default                          string // the version that counts
	Made                             int    // versions, deleted ones included
	Versions                         []policyVersion
}

type policyVersion struct {
	ID, Document string
	Created      time.Time
}

// policies are owned by the account; their ids in the directory are their names in lower
// case, which are unique whatever the path.
var policies = store.NewCollection("iam_policy", store.Unique("unique", func(m *managedPolicy) string { return m.ID }))

// Quotas of IAM (IAM and AWS STS quotas).
const (
	maxPolicies    = 1500
	maxVersions    = 5
	maxManagedSize = 6144
)

func (m *managedPolicy) key() string { return strings.ToLower(m.Name) }

// aws tells whether the policy is one of AWS's.
func (m *managedPolicy) aws() bool { return strings.HasPrefix(m.ARN, awsPolicies) }

// version returns a version of the policy, nil if there is none of this id.
func (m *managedPolicy) version(id string) *policyVersion {
	i := slices.IndexFunc(m.Versions, func(v policyVersion) bool { return v.ID == id })
	if i < 0 {
		return nil
	}
	return &m.Versions[i]
}

// current is the document that counts.
func (m *managedPolicy) current() string { return m.version(m.Default).Document }

// findPolicy returns the policy of an ARN, or store.ErrNotFound.
func (s *Service) findPolicy(tx store.Tx, arn string) (*managedPolicy, error) {
	if m := awsManaged[arn]; m != nil {
		return m, nil
	}
	m, err := policies.Get(tx, s.account.String(), strings.ToLower(lastSegment(arn)))
	if err == nil && m.ARN != arn {
		err = store.ErrNotFound
	}
	return m, err
}

// checkPolicyARN refuses what is no ARN.
func checkPolicyARN(arn string) error {
	if strings.Count(arn, ":") < 5 || !strings.HasPrefix(arn, "arn:") {
		return wire.ValidationError.New("Invalid ARN:  Could not be parsed!")
	}
	return nil
}

func noPolicy(arn string) error {
	return iam.NoSuchEntityException.Newf("Policy %s was not found.", arn)
}

// needPolicy is findPolicy with IAM's errors.
func (s *Service) needPolicy(tx store.Tx, arn string) (*managedPolicy, error) {
	if err := checkPolicyARN(arn); err != nil {
		return nil, err
	}
	m, err := s.findPolicy(tx, arn)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noPolicy(arn)
	}
	return m, err
}

// viewPolicy reads the policy of an ARN.
func (s *Service) viewPolicy(ctx context.Context, arn string) (m *managedPolicy, err error) {
	err = s.db.View(ctx, func(tx store.Tx) error {
		m, err = s.needPolicy(tx, arn)
		return err
	})
	return m, err
}

// changePolicy applies a change to one of the account's policies.
func (s *Service) changePolicy(ctx context.Context, arn string, apply func(store.Tx, *managedPolicy) error) error {
	return s.update(ctx, func(tx store.Tx) error {
		m, err := s.needPolicy(tx, arn)
		if err != nil {
			return err
		}
		if m.aws() {
			return wire.AccessDenied.Newf("Cannot change the AWS managed policy %s.", arn)
		}
		if err := apply(tx, m); err != nil {
			return err
		}
		return policies.Put(tx, s.account.String(), m.key(), m)
	})
}

// checkManaged refuses a document that a managed policy cannot have.
func checkManaged(document string) error {
	if _, err := policy.Parse([]byte(document), policy.Managed); err != nil {
		return malformed(err)
	}
	if policy.Size(document) > maxManagedSize {
		return iam.LimitExceededException.Newf("Cannot exceed quota for PolicySize: %d", maxManagedSize)
	}
	return nil
}

// createPolicy implements CreatePolicy.
func (s *Service) createPolicy(ctx context.Context, c *wire.Call, in *iam.CreatePolicyRequest) (*iam.CreatePolicyResponse, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	tags, err := newTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	i := s.newIdentity(c, "policy", ids.ManagedPolicy, in.PolicyName, in.Path, tags)
	m := &managedPolicy{
		Name: i.Name, Path: i.Path, ID: i.ID, ARN: i.ARN, Description: in.Description, Created: i.Created, Updated: i.Created, Tags: i.Tags,
		Default: "v1", Made: 1, Versions: []policyVersion{{ID: "v1", Document: in.PolicyDocument, Created: i.Created}},
	}
	err = s.update(ctx, func(tx store.Tx) error {
		count, err := policies.Count(tx, s.account.String())
		if err != nil {
			return err
		}
		if count >= maxPolicies {
			return iam.LimitExceededException.Newf("Cannot exceed quota for PoliciesPerAccount: %d", maxPolicies)
		}
		return policies.Insert(tx, s.account.String(), m.key(), m)
	})
	if errors.Is(err, store.ErrExists) {
		return nil, iam.EntityAlreadyExistsException.Newf("A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
	}
	shown := m.describe(0, 0)
	shown.Description, shown.Tags = "", m.Tags
	return &iam.CreatePolicyResponse{Policy: shown}, err
}

// describe is the policy as IAM shows it, with how often it is attached and serves as a
// boundary.
func (m *managedPolicy) describe(attached, bounding int) *iam.Policy {
	return &iam.Policy{
		PolicyName: m.Name, PolicyId: m.ID, Arn: m.ARN, Path: m.Path, DefaultVersionId: m.Default, Description: m.Description,
		AttachmentCount: new(int32(attached)), PermissionsBoundaryUsageCount: new(int32(bounding)), IsAttachable: new(true),
		CreateDate: m.Created, UpdateDate: m.Updated,
	}
}

// getPolicy implements GetPolicy.
func (s *Service) getPolicy(ctx context.Context, _ *wire.Call, in *iam.GetPolicyRequest) (*iam.GetPolicyResponse, error) {
	out := new(iam.GetPolicyResponse)
	err := s.db.View(ctx, func(tx store.Tx) error {
		m, err := s.needPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		attached, bounding, err := s.uses(tx, m.ID)
		if err != nil {
			return err
		}
		out.Policy = m.describe(attached, bounding)
		out.Policy.Tags = m.Tags
		return nil
	})
	return out, err
}

// deletePolicy implements DeletePolicy: it must be attached nowhere, and have no other
// version than the default one.
func (s *Service) deletePolicy(ctx context.Context, _ *wire.Call, in *iam.DeletePolicyRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		m, err := s.needPolicy(tx, in.PolicyArn)
		if err != nil {
			return err
		}
		attached, bounding, err := s.uses(tx, m.ID)
		switch {
		case err != nil:
			return err
		case m.aws():
			return wire.AccessDenied.Newf("Cannot change the AWS managed policy %s.", m.ARN)
		case attached+bounding > 0:
			return iam.DeleteConflictException.New("Cannot delete a policy attached to entities.")
		case len(m.Versions) > 1:
			return iam.DeleteConflictException.New("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		return policies.Delete(tx, s.account.String(), m.key())
	})
}

// listPolicies implements ListPolicies: AWS's come after the account's own.
func (s *Service) listPolicies(ctx context.Context, _ *wire.Call, in *iam.ListPoliciesRequest) (*iam.ListPoliciesResponse, error) {
	only := in.OnlyAttached != nil && *in.OnlyAttached
	filter := "all"
	if only {
		filter = "attached"
	}
	p, err := s.page(in.Marker, in.MaxItems, "ListPolicies", string(in.Scope), in.PathPrefix, string(in.PolicyUsageFilter), filter)
	if err != nil {
		return nil, err
	}
	out := &iam.ListPoliciesResponse{Policies: []iam.Policy{}}
	err = s.db.View(ctx, func(tx store.Tx) error {
		all, err := s.allPolicies(tx, in.Scope)
		if err != nil {
			return err
		}
		for _, m := range all {
			if m.ARN <= p.after.ID || !strings.HasPrefix(m.Path, in.PathPrefix) {
				continue
			}
			attached, bounding, err := s.uses(tx, m.ID)
			if err != nil {
				return err
			}
			if !used(attached, bounding, in.PolicyUsageFilter, only) {
				continue
			}
			if !p.take(store.Cursor{ID: m.ARN}) {
				break
			}
			shown := m.describe(attached, bounding)
			shown.Description = ""
			out.Policies = append(out.Policies, *shown)
		}
		out.IsTruncated, out.Marker = p.end()
		return nil
	})
	return out, err
}

// used tells whether a policy's uses are what a list is about.
func used(attached, bounding int, filter iam.PolicyUsageType, only bool) bool {
	switch filter {
	case iam.PolicyUsageTypePermissionsPolicy:
		return attached > 0
	case iam.PolicyUsageTypePermissionsBoundary:
		return bounding > 0
	}
	return !only || attached > 0
}

// allPolicies returns the policies of a scope, sorted by ARN.
func (s *Service) allPolicies(tx store.Tx, scope iam.PolicyScopeType) (all []*managedPolicy, err error) {
	if scope != iam.PolicyScopeTypeLocal {
		for _, m := range awsManaged {
			all = append(all, m)
		}
	}
	if scope != iam.PolicyScopeTypeAws {
		for m, err := range policies.All(tx, s.account.String(), store.Query{}) {
			if err != nil {
				return nil, err
			}
			all = append(all, m)
		}
	}
	slices.SortFunc(all, func(a, b *managedPolicy) int { return strings.Compare(a.ARN, b.ARN) })
	return all, nil
}
