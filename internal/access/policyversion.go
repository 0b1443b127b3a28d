package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// createPolicyVersion implements CreatePolicyVersion.
func (s *Service) createPolicyVersion(ctx context.Context, c *wire.Call, in *iam.CreatePolicyVersionRequest) (*iam.CreatePolicyVersionResponse, error) {
	if err := checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	out := new(iam.CreatePolicyVersionResponse)
	err := s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, m *managedPolicy) error {
		if len(m.Versions) >= maxVersions {
			return iam.LimitExceededException.Newf("A managed policy can have up to %d versions. Before you create a new version, you must delete an existing version.", maxVersions)
		}
		m.Made++
		m.Updated = c.Time.Truncate(time.Second)
		v := policyVersion{ID: fmt.Sprintf("v%d", m.Made), Document: in.PolicyDocument, Created: m.Updated}
		m.Versions = append(m.Versions, v)
		if in.SetAsDefault != nil && *in.SetAsDefault {
			m.Default = v.ID
		}
		out.PolicyVersion = m.describeVersion(&v)
		return nil
	})
	return out, err
}

// describeVersion is a version as IAM shows it, without its document.
func (m *managedPolicy) describeVersion(v *policyVersion) *iam.PolicyVersion {
	return &iam.PolicyVersion{VersionId: v.ID, IsDefaultVersion: new(v.ID == m.Default), CreateDate: v.Created}
}

func noVersion(arn, id string) error {
	return iam.NoSuchEntityException.Newf("Policy %s version %s does not exist or is not attachable.", arn, id)
}

// getPolicyVersion implements GetPolicyVersion.
func (s *Service) getPolicyVersion(ctx context.Context, _ *wire.Call, in *iam.GetPolicyVersionRequest) (*iam.GetPolicyVersionResponse, error) {
	m, err := s.viewPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	v := m.version(in.VersionId)
	if v == nil {
		return nil, noVersion(in.PolicyArn, in.VersionId)
	}
	shown := m.describeVersion(v)
	shown.Document = percentEncoded(v.Document)
	return &iam.GetPolicyVersionResponse{PolicyVersion: shown}, nil
}

// listPolicyVersions implements ListPolicyVersions, the newest first.
func (s *Service) listPolicyVersions(ctx context.Context, _ *wire.Call, in *iam.ListPolicyVersionsRequest) (*iam.ListPolicyVersionsResponse, error) {
	m, err := s.viewPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	p, err := s.page(in.Marker, in.MaxItems, "versions", m.ID)
	if err != nil {
		return nil, err
	}
	newest := slices.Clone(m.Versions)
	slices.Reverse(newest)
	place := func(v policyVersion) string { return store.Number(-int64(number(v.ID))) }
	out := new(iam.ListPolicyVersionsResponse)
	out.Versions = takeNamed(p, newest, place, func(v policyVersion) iam.PolicyVersion { return *m.describeVersion(&v) })
	out.IsTruncated, out.Marker = p.end()
	return out, nil
}

// number is the number in a version's id.
func number(versionID string) (n int) {
	_, _ = fmt.Sscanf(versionID, "v%d", &n) // ids are ours
	return n
}

// setDefaultPolicyVersion implements SetDefaultPolicyVersion.
func (s *Service) setDefaultPolicyVersion(ctx context.Context, c *wire.Call, in *iam.SetDefaultPolicyVersionRequest) (*emptyAnswer, error) {
	return nil, s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, m *managedPolicy) error {
		if m.version(in.VersionId) == nil {
			return noVersion(in.PolicyArn, in.VersionId)
		}
		m.Default, m.Updated = in.VersionId, c.Time.Truncate(time.Second)
		return nil
	})
}

// deletePolicyVersion implements DeletePolicyVersion.
func (s *Service) deletePolicyVersion(ctx context.Context, _ *wire.Call, in *iam.DeletePolicyVersionRequest) (*emptyAnswer, error) {
	return nil, s.changePolicy(ctx, in.PolicyArn, func(_ store.Tx, m *managedPolicy) error {
		i := slices.IndexFunc(m.Versions, func(v policyVersion) bool { return v.ID == in.VersionId })
		switch {
		case i < 0:
			return noVersion(in.PolicyArn, in.VersionId)
		case in.VersionId == m.Default:
			return iam.DeleteConflictException.New("Cannot delete the default version of a policy.")
		}
		m.Versions = slices.Delete(m.Versions, i, i+1)
		return nil
	})
}
