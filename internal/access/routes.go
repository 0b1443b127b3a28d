package access

import (
	"context"

	"pintail/internal/gen/iam"
	"pintail/internal/wire"
)

func (s *Service) routeUsers(r *wire.Router) {
	wire.Handle(r, iam.CreateUser, s.createUser,
		requested(func(in *iam.CreateUserRequest) []iam.Tag { return in.Tags }),
		keyed("iam:PermissionsBoundary", func(in *iam.CreateUserRequest) string { return in.PermissionsBoundary }))
	wire.Handle(r, iam.GetUser, s.getUser,
		named(s, users, func(in *iam.GetUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.GetUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListUsers, s.listUsers)
	wire.Handle(r, iam.UpdateUser, s.updateUser,
		named(s, users, func(in *iam.UpdateUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.UpdateUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteUser, s.deleteUser,
		named(s, users, func(in *iam.DeleteUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.DeleteUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.PutUserPolicy, s.putUserPolicy,
		named(s, users, func(in *iam.PutUserPolicyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.PutUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.GetUserPolicy, s.getUserPolicy,
		named(s, users, func(in *iam.GetUserPolicyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.GetUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListUserPolicies, s.listUserPolicies,
		named(s, users, func(in *iam.ListUserPoliciesRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.ListUserPoliciesRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteUserPolicy, s.deleteUserPolicy,
		named(s, users, func(in *iam.DeleteUserPolicyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.DeleteUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.AttachUserPolicy, s.attachUserPolicy,
		named(s, users, func(in *iam.AttachUserPolicyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.AttachUserPolicyRequest) string { return in.UserName }),
		keyed("iam:PolicyARN", func(in *iam.AttachUserPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DetachUserPolicy, s.detachUserPolicy,
		named(s, users, func(in *iam.DetachUserPolicyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.DetachUserPolicyRequest) string { return in.UserName }),
		keyed("iam:PolicyARN", func(in *iam.DetachUserPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListAttachedUserPolicies, s.listAttachedUserPolicies,
		named(s, users, func(in *iam.ListAttachedUserPoliciesRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.ListAttachedUserPoliciesRequest) string { return in.UserName }))
	wire.Handle(r, iam.PutUserPermissionsBoundary, s.putUserPermissionsBoundary,
		named(s, users, func(in *iam.PutUserPermissionsBoundaryRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.PutUserPermissionsBoundaryRequest) string { return in.UserName }),
		keyed("iam:PermissionsBoundary", func(in *iam.PutUserPermissionsBoundaryRequest) string { return in.PermissionsBoundary }))
	wire.Handle(r, iam.DeleteUserPermissionsBoundary, s.deleteUserPermissionsBoundary,
		named(s, users, func(in *iam.DeleteUserPermissionsBoundaryRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.DeleteUserPermissionsBoundaryRequest) string { return in.UserName }))
	wire.Handle(r, iam.TagUser, s.tagUser,
		named(s, users, func(in *iam.TagUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.TagUserRequest) string { return in.UserName }),
		requested(func(in *iam.TagUserRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UntagUser, s.untagUser,
		named(s, users, func(in *iam.UntagUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.UntagUserRequest) string { return in.UserName }),
		untagged(func(in *iam.UntagUserRequest) []string { return in.TagKeys }))
	wire.Handle(r, iam.ListUserTags, s.listUserTags,
		named(s, users, func(in *iam.ListUserTagsRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.ListUserTagsRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListGroupsForUser, s.listGroupsForUser,
		named(s, users, func(in *iam.ListGroupsForUserRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.ListGroupsForUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.CreateAccessKey, s.createAccessKey,
		named(s, users, func(in *iam.CreateAccessKeyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.CreateAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.UpdateAccessKey, s.updateAccessKey,
		named(s, users, func(in *iam.UpdateAccessKeyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.UpdateAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteAccessKey, s.deleteAccessKey,
		named(s, users, func(in *iam.DeleteAccessKeyRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.DeleteAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListAccessKeys, s.listAccessKeys,
		named(s, users, func(in *iam.ListAccessKeysRequest) string { return in.UserName }),
		tagged(s, users, func(in *iam.ListAccessKeysRequest) string { return in.UserName }))
	wire.Handle(r, iam.GetAccessKeyLastUsed, s.getAccessKeyLastUsed)
}

func (s *Service) routeGroups(r *wire.Router) {
	wire.Handle(r, iam.CreateGroup, s.createGroup)
	wire.Handle(r, iam.GetGroup, s.getGroup, named(s, groups, func(in *iam.GetGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.ListGroups, s.listGroups)
	wire.Handle(r, iam.UpdateGroup, s.updateGroup, named(s, groups, func(in *iam.UpdateGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.DeleteGroup, s.deleteGroup, named(s, groups, func(in *iam.DeleteGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.AddUserToGroup, s.addUserToGroup, named(s, groups, func(in *iam.AddUserToGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.RemoveUserFromGroup, s.removeUserFromGroup,
		named(s, groups, func(in *iam.RemoveUserFromGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.PutGroupPolicy, s.putGroupPolicy, named(s, groups, func(in *iam.PutGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.GetGroupPolicy, s.getGroupPolicy, named(s, groups, func(in *iam.GetGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.ListGroupPolicies, s.listGroupPolicies, named(s, groups, func(in *iam.ListGroupPoliciesRequest) string { return in.GroupName }))
	wire.Handle(r, iam.DeleteGroupPolicy, s.deleteGroupPolicy, named(s, groups, func(in *iam.DeleteGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.AttachGroupPolicy, s.attachGroupPolicy,
		named(s, groups, func(in *iam.AttachGroupPolicyRequest) string { return in.GroupName }),
		keyed("iam:PolicyARN", func(in *iam.AttachGroupPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DetachGroupPolicy, s.detachGroupPolicy,
		named(s, groups, func(in *iam.DetachGroupPolicyRequest) string { return in.GroupName }),
		keyed("iam:PolicyARN", func(in *iam.DetachGroupPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListAttachedGroupPolicies, s.listAttachedGroupPolicies,
		named(s, groups, func(in *iam.ListAttachedGroupPoliciesRequest) string { return in.GroupName }))
}

func (s *Service) routeRoles(r *wire.Router) {
	wire.Handle(r, iam.CreateRole, s.createRole,
		requested(func(in *iam.CreateRoleRequest) []iam.Tag { return in.Tags }),
		keyed("iam:PermissionsBoundary", func(in *iam.CreateRoleRequest) string { return in.PermissionsBoundary }))
	wire.Handle(r, iam.GetRole, s.getRole,
		named(s, roles, func(in *iam.GetRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.GetRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListRoles, s.listRoles)
	wire.Handle(r, iam.UpdateRole, s.updateRole,
		named(s, roles, func(in *iam.UpdateRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.UpdateRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.UpdateRoleDescription, s.updateRoleDescription,
		named(s, roles, func(in *iam.UpdateRoleDescriptionRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.UpdateRoleDescriptionRequest) string { return in.RoleName }))
	wire.Handle(r, iam.UpdateAssumeRolePolicy, s.updateAssumeRolePolicy,
		named(s, roles, func(in *iam.UpdateAssumeRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.UpdateAssumeRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DeleteRole, s.deleteRole,
		named(s, roles, func(in *iam.DeleteRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.DeleteRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.PutRolePolicy, s.putRolePolicy,
		named(s, roles, func(in *iam.PutRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.PutRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.GetRolePolicy, s.getRolePolicy,
		named(s, roles, func(in *iam.GetRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.GetRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListRolePolicies, s.listRolePolicies,
		named(s, roles, func(in *iam.ListRolePoliciesRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.ListRolePoliciesRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DeleteRolePolicy, s.deleteRolePolicy,
		named(s, roles, func(in *iam.DeleteRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.DeleteRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.AttachRolePolicy, s.attachRolePolicy,
		named(s, roles, func(in *iam.AttachRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.AttachRolePolicyRequest) string { return in.RoleName }),
		keyed("iam:PolicyARN", func(in *iam.AttachRolePolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DetachRolePolicy, s.detachRolePolicy,
		named(s, roles, func(in *iam.DetachRolePolicyRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.DetachRolePolicyRequest) string { return in.RoleName }),
		keyed("iam:PolicyARN", func(in *iam.DetachRolePolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListAttachedRolePolicies, s.listAttachedRolePolicies,
		named(s, roles, func(in *iam.ListAttachedRolePoliciesRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.ListAttachedRolePoliciesRequest) string { return in.RoleName }))
	wire.Handle(r, iam.PutRolePermissionsBoundary, s.putRolePermissionsBoundary,
		named(s, roles, func(in *iam.PutRolePermissionsBoundaryRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.PutRolePermissionsBoundaryRequest) string { return in.RoleName }),
		keyed("iam:PermissionsBoundary", func(in *iam.PutRolePermissionsBoundaryRequest) string { return in.PermissionsBoundary }))
	wire.Handle(r, iam.DeleteRolePermissionsBoundary, s.deleteRolePermissionsBoundary,
		named(s, roles, func(in *iam.DeleteRolePermissionsBoundaryRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.DeleteRolePermissionsBoundaryRequest) string { return in.RoleName }))
	wire.Handle(r, iam.TagRole, s.tagRole,
		named(s, roles, func(in *iam.TagRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.TagRoleRequest) string { return in.RoleName }),
		requested(func(in *iam.TagRoleRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UntagRole, s.untagRole,
		named(s, roles, func(in *iam.UntagRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.UntagRoleRequest) string { return in.RoleName }),
		untagged(func(in *iam.UntagRoleRequest) []string { return in.TagKeys }))
	wire.Handle(r, iam.ListRoleTags, s.listRoleTags,
		named(s, roles, func(in *iam.ListRoleTagsRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.ListRoleTagsRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListInstanceProfilesForRole, s.listInstanceProfilesForRole,
		named(s, roles, func(in *iam.ListInstanceProfilesForRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.ListInstanceProfilesForRoleRequest) string { return in.RoleName }))
}

func (s *Service) routePolicies(r *wire.Router) {
	wire.Handle(r, iam.CreatePolicy, s.createPolicy, requested(func(in *iam.CreatePolicyRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.GetPolicy, s.getPolicy,
		ofPolicy(func(in *iam.GetPolicyRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.GetPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DeletePolicy, s.deletePolicy,
		ofPolicy(func(in *iam.DeletePolicyRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.DeletePolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListPolicies, s.listPolicies)
	wire.Handle(r, iam.CreatePolicyVersion, s.createPolicyVersion,
		ofPolicy(func(in *iam.CreatePolicyVersionRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.CreatePolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.GetPolicyVersion, s.getPolicyVersion,
		ofPolicy(func(in *iam.GetPolicyVersionRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.GetPolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListPolicyVersions, s.listPolicyVersions,
		ofPolicy(func(in *iam.ListPolicyVersionsRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.ListPolicyVersionsRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.SetDefaultPolicyVersion, s.setDefaultPolicyVersion,
		ofPolicy(func(in *iam.SetDefaultPolicyVersionRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.SetDefaultPolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DeletePolicyVersion, s.deletePolicyVersion,
		ofPolicy(func(in *iam.DeletePolicyVersionRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.DeletePolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListEntitiesForPolicy, s.listEntitiesForPolicy,
		ofPolicy(func(in *iam.ListEntitiesForPolicyRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.ListEntitiesForPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.TagPolicy, s.tagPolicy,
		ofPolicy(func(in *iam.TagPolicyRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.TagPolicyRequest) string { return in.PolicyArn }),
		requested(func(in *iam.TagPolicyRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UntagPolicy, s.untagPolicy,
		ofPolicy(func(in *iam.UntagPolicyRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.UntagPolicyRequest) string { return in.PolicyArn }),
		untagged(func(in *iam.UntagPolicyRequest) []string { return in.TagKeys }))
	wire.Handle(r, iam.ListPolicyTags, s.listPolicyTags,
		ofPolicy(func(in *iam.ListPolicyTagsRequest) string { return in.PolicyArn }),
		policyTags(s, func(in *iam.ListPolicyTagsRequest) string { return in.PolicyArn }))
}

func (s *Service) routeProviders(r *wire.Router) {
	wire.Handle(r, iam.CreateOpenIDConnectProvider, s.createOpenIDConnectProvider,
		s.newProvider(),
		requested(func(in *iam.CreateOpenIDConnectProviderRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.GetOpenIDConnectProvider, s.getOpenIDConnectProvider)
	wire.Handle(r, iam.ListOpenIDConnectProviders, s.listOpenIDConnectProviders)
	wire.Handle(r, iam.DeleteOpenIDConnectProvider, s.deleteOpenIDConnectProvider)
	wire.Handle(r, iam.AddClientIDToOpenIDConnectProvider, s.addClientIDToOpenIDConnectProvider)
	wire.Handle(r, iam.RemoveClientIDFromOpenIDConnectProvider, s.removeClientIDFromOpenIDConnectProvider)
	wire.Handle(r, iam.UpdateOpenIDConnectProviderThumbprint, s.updateOpenIDConnectProviderThumbprint)
	wire.Handle(r, iam.TagOpenIDConnectProvider, s.tagOpenIDConnectProvider,
		requested(func(in *iam.TagOpenIDConnectProviderRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UntagOpenIDConnectProvider, s.untagOpenIDConnectProvider,
		untagged(func(in *iam.UntagOpenIDConnectProviderRequest) []string { return in.TagKeys }))
	wire.Handle(r, iam.ListOpenIDConnectProviderTags, s.listOpenIDConnectProviderTags)
	wire.Handle(r, iam.CreateSAMLProvider, s.createSAMLProvider, requested(func(in *iam.CreateSAMLProviderRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UpdateSAMLProvider, s.updateSAMLProvider)
	wire.Handle(r, iam.GetSAMLProvider, s.getSAMLProvider)
	wire.Handle(r, iam.ListSAMLProviders, s.listSAMLProviders)
	wire.Handle(r, iam.DeleteSAMLProvider, s.deleteSAMLProvider)
	wire.Handle(r, iam.TagSAMLProvider, s.tagSAMLProvider, requested(func(in *iam.TagSAMLProviderRequest) []iam.Tag { return in.Tags }))
	wire.Handle(r, iam.UntagSAMLProvider, s.untagSAMLProvider, untagged(func(in *iam.UntagSAMLProviderRequest) []string { return in.TagKeys }))
	wire.Handle(r, iam.ListSAMLProviderTags, s.listSAMLProviderTags)
}

func (s *Service) routeAccount(r *wire.Router) {
	wire.Handle(r, iam.CreateServiceLinkedRole, s.createServiceLinkedRole,
		wire.Resources(func(_ context.Context, _ *wire.Call, in *iam.CreateServiceLinkedRoleRequest) ([]string, error) {
			return []string{s.linkedARN(in.AWSServiceName)}, nil
		}),
		keyed("iam:AWSServiceName", func(in *iam.CreateServiceLinkedRoleRequest) string { return in.AWSServiceName }))
	wire.Handle(r, iam.DeleteServiceLinkedRole, s.deleteServiceLinkedRole,
		named(s, roles, func(in *iam.DeleteServiceLinkedRoleRequest) string { return in.RoleName }),
		tagged(s, roles, func(in *iam.DeleteServiceLinkedRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.GetServiceLinkedRoleDeletionStatus, s.getServiceLinkedRoleDeletionStatus)
	wire.Handle(r, iam.CreateAccountAlias, s.createAccountAlias)
	wire.Handle(r, iam.DeleteAccountAlias, s.deleteAccountAlias)
	wire.Handle(r, iam.ListAccountAliases, s.listAccountAliases)
	wire.Handle(r, iam.GetAccountSummary, s.getAccountSummary)
	wire.Handle(r, iam.GetAccountAuthorizationDetails, s.getAccountAuthorizationDetails)
	wire.Handle(r, iam.SimulateCustomPolicy, s.simulateCustomPolicy)
	wire.Handle(r, iam.SimulatePrincipalPolicy, s.simulatePrincipalPolicy)
	wire.Handle(r, iam.GetContextKeysForCustomPolicy, s.getContextKeysForCustomPolicy)
	wire.Handle(r, iam.GetContextKeysForPrincipalPolicy, s.getContextKeysForPrincipalPolicy)
}
