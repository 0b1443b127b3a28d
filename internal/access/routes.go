package access

import (
	"pintail/internal/gen/iam"
	"pintail/internal/wire"
)

func (s *Service) routeUsers(r *wire.Router) {
	wire.Handle(r, iam.CreateUser, s.createUser)
	wire.Handle(r, iam.GetUser, s.getUser, isUser(s, func(in *iam.GetUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListUsers, s.listUsers)
	wire.Handle(r, iam.UpdateUser, s.updateUser, named(s, users, func(in *iam.UpdateUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteUser, s.deleteUser, named(s, users, func(in *iam.DeleteUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.PutUserPolicy, s.putUserPolicy, named(s, users, func(in *iam.PutUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.GetUserPolicy, s.getUserPolicy, named(s, users, func(in *iam.GetUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListUserPolicies, s.listUserPolicies, named(s, users, func(in *iam.ListUserPoliciesRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteUserPolicy, s.deleteUserPolicy, named(s, users, func(in *iam.DeleteUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.AttachUserPolicy, s.attachUserPolicy, named(s, users, func(in *iam.AttachUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.DetachUserPolicy, s.detachUserPolicy, named(s, users, func(in *iam.DetachUserPolicyRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListAttachedUserPolicies, s.listAttachedUserPolicies, named(s, users, func(in *iam.ListAttachedUserPoliciesRequest) string { return in.UserName }))
	wire.Handle(r, iam.PutUserPermissionsBoundary, s.putUserPermissionsBoundary, named(s, users, func(in *iam.PutUserPermissionsBoundaryRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteUserPermissionsBoundary, s.deleteUserPermissionsBoundary, named(s, users, func(in *iam.DeleteUserPermissionsBoundaryRequest) string { return in.UserName }))
	wire.Handle(r, iam.TagUser, s.tagUser, named(s, users, func(in *iam.TagUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.UntagUser, s.untagUser, named(s, users, func(in *iam.UntagUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListUserTags, s.listUserTags, named(s, users, func(in *iam.ListUserTagsRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListGroupsForUser, s.listGroupsForUser, named(s, users, func(in *iam.ListGroupsForUserRequest) string { return in.UserName }))
	wire.Handle(r, iam.CreateAccessKey, s.createAccessKey, isUser(s, func(in *iam.CreateAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.UpdateAccessKey, s.updateAccessKey, isUser(s, func(in *iam.UpdateAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.DeleteAccessKey, s.deleteAccessKey, isUser(s, func(in *iam.DeleteAccessKeyRequest) string { return in.UserName }))
	wire.Handle(r, iam.ListAccessKeys, s.listAccessKeys, isUser(s, func(in *iam.ListAccessKeysRequest) string { return in.UserName }))
	wire.Handle(r, iam.GetAccessKeyLastUsed, s.getAccessKeyLastUsed)
}

func (s *Service) routeGroups(r *wire.Router) {
	wire.Handle(r, iam.CreateGroup, s.createGroup)
	wire.Handle(r, iam.GetGroup, s.getGroup, named(s, groups, func(in *iam.GetGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.ListGroups, s.listGroups)
	wire.Handle(r, iam.UpdateGroup, s.updateGroup, named(s, groups, func(in *iam.UpdateGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.DeleteGroup, s.deleteGroup, named(s, groups, func(in *iam.DeleteGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.AddUserToGroup, s.addUserToGroup, named(s, groups, func(in *iam.AddUserToGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.RemoveUserFromGroup, s.removeUserFromGroup, named(s, groups, func(in *iam.RemoveUserFromGroupRequest) string { return in.GroupName }))
	wire.Handle(r, iam.PutGroupPolicy, s.putGroupPolicy, named(s, groups, func(in *iam.PutGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.GetGroupPolicy, s.getGroupPolicy, named(s, groups, func(in *iam.GetGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.ListGroupPolicies, s.listGroupPolicies, named(s, groups, func(in *iam.ListGroupPoliciesRequest) string { return in.GroupName }))
	wire.Handle(r, iam.DeleteGroupPolicy, s.deleteGroupPolicy, named(s, groups, func(in *iam.DeleteGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.AttachGroupPolicy, s.attachGroupPolicy, named(s, groups, func(in *iam.AttachGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.DetachGroupPolicy, s.detachGroupPolicy, named(s, groups, func(in *iam.DetachGroupPolicyRequest) string { return in.GroupName }))
	wire.Handle(r, iam.ListAttachedGroupPolicies, s.listAttachedGroupPolicies, named(s, groups, func(in *iam.ListAttachedGroupPoliciesRequest) string { return in.GroupName }))
}

func (s *Service) routeRoles(r *wire.Router) {
	wire.Handle(r, iam.CreateRole, s.createRole)
	wire.Handle(r, iam.GetRole, s.getRole, named(s, roles, func(in *iam.GetRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListRoles, s.listRoles)
	wire.Handle(r, iam.UpdateRole, s.updateRole, named(s, roles, func(in *iam.UpdateRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.UpdateRoleDescription, s.updateRoleDescription, named(s, roles, func(in *iam.UpdateRoleDescriptionRequest) string { return in.RoleName }))
	wire.Handle(r, iam.UpdateAssumeRolePolicy, s.updateAssumeRolePolicy, named(s, roles, func(in *iam.UpdateAssumeRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DeleteRole, s.deleteRole, named(s, roles, func(in *iam.DeleteRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.PutRolePolicy, s.putRolePolicy, named(s, roles, func(in *iam.PutRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.GetRolePolicy, s.getRolePolicy, named(s, roles, func(in *iam.GetRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListRolePolicies, s.listRolePolicies, named(s, roles, func(in *iam.ListRolePoliciesRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DeleteRolePolicy, s.deleteRolePolicy, named(s, roles, func(in *iam.DeleteRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.AttachRolePolicy, s.attachRolePolicy, named(s, roles, func(in *iam.AttachRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DetachRolePolicy, s.detachRolePolicy, named(s, roles, func(in *iam.DetachRolePolicyRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListAttachedRolePolicies, s.listAttachedRolePolicies, named(s, roles, func(in *iam.ListAttachedRolePoliciesRequest) string { return in.RoleName }))
	wire.Handle(r, iam.PutRolePermissionsBoundary, s.putRolePermissionsBoundary, named(s, roles, func(in *iam.PutRolePermissionsBoundaryRequest) string { return in.RoleName }))
	wire.Handle(r, iam.DeleteRolePermissionsBoundary, s.deleteRolePermissionsBoundary, named(s, roles, func(in *iam.DeleteRolePermissionsBoundaryRequest) string { return in.RoleName }))
	wire.Handle(r, iam.TagRole, s.tagRole, named(s, roles, func(in *iam.TagRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.UntagRole, s.untagRole, named(s, roles, func(in *iam.UntagRoleRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListRoleTags, s.listRoleTags, named(s, roles, func(in *iam.ListRoleTagsRequest) string { return in.RoleName }))
	wire.Handle(r, iam.ListInstanceProfilesForRole, s.listInstanceProfilesForRole, named(s, roles, func(in *iam.ListInstanceProfilesForRoleRequest) string { return in.RoleName }))
}

func (s *Service) routePolicies(r *wire.Router) {
	wire.Handle(r, iam.CreatePolicy, s.createPolicy)
	wire.Handle(r, iam.GetPolicy, s.getPolicy, isPolicy(func(in *iam.GetPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DeletePolicy, s.deletePolicy, isPolicy(func(in *iam.DeletePolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListPolicies, s.listPolicies)
	wire.Handle(r, iam.CreatePolicyVersion, s.createPolicyVersion, isPolicy(func(in *iam.CreatePolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.GetPolicyVersion, s.getPolicyVersion, isPolicy(func(in *iam.GetPolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListPolicyVersions, s.listPolicyVersions, isPolicy(func(in *iam.ListPolicyVersionsRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.SetDefaultPolicyVersion, s.setDefaultPolicyVersion, isPolicy(func(in *iam.SetDefaultPolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.DeletePolicyVersion, s.deletePolicyVersion, isPolicy(func(in *iam.DeletePolicyVersionRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListEntitiesForPolicy, s.listEntitiesForPolicy, isPolicy(func(in *iam.ListEntitiesForPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.TagPolicy, s.tagPolicy, isPolicy(func(in *iam.TagPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.UntagPolicy, s.untagPolicy, isPolicy(func(in *iam.UntagPolicyRequest) string { return in.PolicyArn }))
	wire.Handle(r, iam.ListPolicyTags, s.listPolicyTags, isPolicy(func(in *iam.ListPolicyTagsRequest) string { return in.PolicyArn }))
}
