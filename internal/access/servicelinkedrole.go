package access

import (
	"context"
	"errors"
	"slices"
	"strings"

	"pintail/internal/gen/iam"
	"pintail/internal/keys/ids"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// A service-linked role is one that a service of AWS takes to act for the account. Those
// of Cognito are the only ones that this server has (IAM user guide, "Service-linked
// roles").

// linkedService is a service that has a role, and what the role is like.
type linkedService struct{ role, policy, description string }

var linkedServices = map[string]linkedService{
	"cognito-idp.amazonaws.com": {
		"AWSServiceRoleForAmazonCognitoIdp", "AmazonCognitoIdpServiceRolePolicy",
		"Enables access to AWS services and resources used or managed by Amazon Cognito user pools",
	},
	"email.cognito-idp.amazonaws.com": {
		"AWSServiceRoleForAmazonCognitoIdpEmailService", "AmazonCognitoIdpEmailServiceRolePolicy",
		"Allows Amazon Cognito user pools to use your Amazon SES identities for sending email",
	},
}

// linkedARN is the ARN of the role that a service has, or would have.
func (s *Service) linkedARN(service string) string {
	return s.arn("role" + servicePath + service + "/" + linkedServices[service].role)
}

// createServiceLinkedRole implements CreateServiceLinkedRole.
func (s *Service) createServiceLinkedRole(ctx context.Context, c *wire.Call, in *iam.CreateServiceLinkedRoleRequest) (*iam.CreateServiceLinkedRoleResponse, error) {
	service, ok := linkedServices[in.AWSServiceName]
	switch {
	case !ok:
		return nil, iam.InvalidInputException.Newf("Service %s has no role in this account: this server plays Cognito only.", in.AWSServiceName)
	case in.CustomSuffix != "":
		return nil, iam.InvalidInputException.Newf("Custom suffix is not allowed for %s", in.AWSServiceName)
	}
	var r *role
	err := s.update(ctx, func(tx store.Tx) (err error) {
		r, err = s.linkRole(tx, c, in.AWSServiceName, service, in.Description)
		return err
	})
	if errors.Is(err, iam.EntityAlreadyExistsException.New("")) {
		err = iam.InvalidInputException.Newf("Service role name %s has been taken in this account, please try a different suffix.", service.role)
	}
	if err != nil {
		return nil, err
	}
	return &iam.CreateServiceLinkedRoleResponse{Role: r.describe()}, nil
}

// linkRole makes the role of a service.
func (s *Service) linkRole(tx store.Tx, c *wire.Call, name string, service linkedService, description string) (*role, error) {
	r := &role{
		identity:    s.newIdentity(c, roles.noun, ids.Role, service.role, servicePath+name+"/", nil),
		Description: description, MaxSession: defaultMaxSession,
		Trust: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"` + name + `"},"Action":"sts:AssumeRole"}]}`,
	}
	if err := roles.add(tx, s.account.String(), r); err != nil {
		return nil, err
	}
	m := awsManaged[awsPolicies+"aws-service-role/"+service.policy]
	a := &attachment{Policy: m.ID, ARN: m.ARN, Identity: r.ID}
	return r, attachments.Insert(tx, s.account.String(), a.key(), a)
}

// deleteServiceLinkedRole implements DeleteServiceLinkedRole, which is done at once.
func (s *Service) deleteServiceLinkedRole(ctx context.Context, _ *wire.Call, in *iam.DeleteServiceLinkedRoleRequest) (*iam.DeleteServiceLinkedRoleResponse, error) {
	out := new(iam.DeleteServiceLinkedRoleResponse)
	err := s.update(ctx, func(tx store.Tx) error {
		r, err := roles.find(tx, s.account.String(), in.RoleName)
		if err != nil {
			return err
		}
		service, linked := strings.CutPrefix(r.Path, servicePath)
		if !linked {
			return iam.NoSuchEntityException.Newf("The role with name %s is not a service-linked role.", in.RoleName)
		}
		have, err := s.attachmentsOf(tx, r.ID)
		if err != nil {
			return err
		}
		for _, a := range have {
			if err := attachments.Delete(tx, s.account.String(), a.key()); err != nil {
				return err
			}
		}
		out.DeletionTaskId = "task" + servicePath + service + r.Name + "/" + ids.UUID()
		return roles.Delete(tx, s.account.String(), r.key())
	})
	return out, err
}

// getServiceLinkedRoleDeletionStatus implements GetServiceLinkedRoleDeletionStatus: of a
// role that is gone the deletion has succeeded.
func (s *Service) getServiceLinkedRoleDeletionStatus(ctx context.Context, _ *wire.Call, in *iam.GetServiceLinkedRoleDeletionStatusRequest) (*iam.GetServiceLinkedRoleDeletionStatusResponse, error) {
	parts := strings.Split(in.DeletionTaskId, "/")
	if len(parts) != 5 || parts[0] != "task" || linkedServices[parts[2]].role != parts[3] {
		return nil, iam.NoSuchEntityException.Newf("The deletion task %s cannot be found.", in.DeletionTaskId)
	}
	return &iam.GetServiceLinkedRoleDeletionStatusResponse{Status: iam.DeletionTaskStatusTypeSucceeded}, nil
}

// userPools is the service whose role lets user pools report to applications.
const userPools = "cognito-idp.amazonaws.com"

// MayLink refuses a caller who may not have the role made by which user pools report to
// applications, where there is none yet.
func (s *Service) MayLink(ctx context.Context, c *wire.Call) error {
	r, err := s.findRole(ctx, linkedServices[userPools].role)
	if err != nil || r != nil {
		return err
	}
	return s.allowed(ctx, c, "iam:CreateServiceLinkedRole", s.linkedARN(userPools), map[string]string{"iam:AWSServiceName": userPools})
}

// Link makes the role by which user pools report, if there is none, and lets it report to
// an application. It returns the role's ARN.
func (s *Service) Link(tx store.Tx, c *wire.Call, appARN string) (roleARN string, err error) {
	service := linkedServices[userPools]
	r, err := roles.Get(tx, s.account.String(), strings.ToLower(service.role))
	if errors.Is(err, store.ErrNotFound) {
		r, err = s.linkRole(tx, c, userPools, service, "")
	}
	if err != nil {
		return "", err
	}
	name := "Pinpoint_" + lastSegment(appARN)
	if at, found := r.findPolicy(name); !found {
		document := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["mobiletargeting:UpdateEndpoint","mobiletargeting:PutEvents"],"Resource":["` +
			appARN + `/endpoints/*","` + appARN + `/events"]}]}`
		r.Policies = slices.Insert(r.Policies, at, inlinePolicy{Name: name, Document: document})
	}
	tx.AfterCommit(s.forget)
	return r.ARN, roles.Put(tx, s.account.String(), r.key(), r)
}
