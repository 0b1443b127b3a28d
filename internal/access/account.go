package access

import (
	"context"
	"errors"

	"pintail/internal/gen/iam"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// accountAlias is the account's name, for people.
type accountAlias struct{ Alias string }

var accountAliases = store.NewCollection[accountAlias]("iam_account_alias")

// aliasKey is the key of the one alias that an account can have.
const aliasKey = "alias"

// createAccountAlias implements CreateAccountAlias, which takes the place of another one.
func (s *Service) createAccountAlias(ctx context.Context, _ *wire.Call, in *iam.CreateAccountAliasRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		return accountAliases.Put(tx, s.account.String(), aliasKey, &accountAlias{in.AccountAlias})
	})
}

// alias returns the account's alias, "" if it has none.
func (s *Service) alias(tx store.Tx) (string, error) {
	a, err := accountAliases.Get(tx, s.account.String(), aliasKey)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.Alias, nil
}

// deleteAccountAlias implements DeleteAccountAlias.
func (s *Service) deleteAccountAlias(ctx context.Context, _ *wire.Call, in *iam.DeleteAccountAliasRequest) (*emptyAnswer, error) {
	return nil, s.update(ctx, func(tx store.Tx) error {
		have, err := s.alias(tx)
		if err != nil {
			return err
		}
		if have != in.AccountAlias {
			return iam.NoSuchEntityException.Newf("The account alias %s cannot be found.", in.AccountAlias)
		}
		return accountAliases.Delete(tx, s.account.String(), aliasKey)
	})
}

// listAccountAliases implements ListAccountAliases: there is at most one.
func (s *Service) listAccountAliases(ctx context.Context, _ *wire.Call, _ *iam.ListAccountAliasesRequest) (*iam.ListAccountAliasesResponse, error) {
	out := &iam.ListAccountAliasesResponse{AccountAliases: []string{}, IsTruncated: new(false)}
	err := s.db.View(ctx, func(tx store.Tx) error {
		have, err := s.alias(tx)
		if err == nil && have != "" {
			out.AccountAliases = []string{have}
		}
		return err
	})
	return out, err
}

// getAccountSummary implements GetAccountSummary: what there is, and how much of it there
// can be.
func (s *Service) getAccountSummary(ctx context.Context, _ *wire.Call, _ *emptyAnswer) (*iam.GetAccountSummaryResponse, error) {
	summary := map[string]int32{
		"AccessKeysPerUserQuota": maxKeys, "AttachedPoliciesPerGroupQuota": maxAttached, "AttachedPoliciesPerRoleQuota": maxAttached,
		"AttachedPoliciesPerUserQuota": maxAttached, "GroupPolicySizeQuota": int32(groups.inline), "RolePolicySizeQuota": int32(roles.inline),
		"UserPolicySizeQuota": int32(users.inline), "AssumeRolePolicySizeQuota": maxTrustSize, "PolicySizeQuota": maxManagedSize,
		"GroupsPerUserQuota": maxGroups, "GroupsQuota": int32(groups.most), "RolesQuota": int32(roles.most), "UsersQuota": int32(users.most),
		"PoliciesQuota": maxPolicies, "VersionsPerPolicyQuota": maxVersions, "GlobalEndpointTokenVersion": 1,
		"AccountAccessKeysPresent": 0, "AccountMFAEnabled": 0, "AccountSigningCertificatesPresent": 0, "MFADevices": 0, "MFADevicesInUse": 0,
		"InstanceProfiles": 0, "ServerCertificates": 0,
	}
	err := s.db.View(ctx, func(tx store.Tx) error {
		account := s.account.String()
		for name, count := range map[string]func(store.Tx, string) (int, error){
			"Users": users.Count, "Groups": groups.Count, "Roles": roles.Count, "Policies": policies.Count,
			"Providers": openIDProviders.Count,
		} {
			n, err := count(tx, account)
			if err != nil {
				return err
			}
			summary[name] = int32(n)
		}
		root, _, err := accessKeys.List(tx, directory, keysOf(rootOwner, maxKeys))
		if len(root) > 0 {
			summary["AccountAccessKeysPresent"] = 1
		}
		return err
	})
	return &iam.GetAccountSummaryResponse{SummaryMap: summary}, err
}
