package userpool

import (
	"context"
	"slices"
	"time"

	"pintail/internal/gen/cognitoidp"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// changePool changes a pool of the call's region and returns what it became.
func (s *Service) changePool(ctx context.Context, c *wire.Call, id string, change func(store.Tx, *poolRecord) error) (*poolRecord, error) {
	var record *poolRecord
	err := s.update(ctx, func(tx store.Tx) (err error) {
		if record, err = s.poolRecord(tx, c, id); err != nil {
			return err
		}
		if err := change(tx, record); err != nil {
			return err
		}
		return pools.Put(tx, s.account, id, record)
	})
	if err != nil {
		return nil, err
	}
	s.pools.Forget(id)
	return record, nil
}

// touch notes when a pool's settings were changed.
func (r *poolRecord) touch(c *wire.Call) {
	r.Settings.LastModifiedDate = c.Time.Truncate(time.Millisecond)
}

// updateUserPool implements UpdateUserPool. It replaces: what the request leaves out
// goes back to its default, but for the members of [replacement].
func (s *Service) updateUserPool(ctx context.Context, c *wire.Call, in *cognitoidp.UpdateUserPoolRequest) (*cognitoidp.UpdateUserPoolResponse, error) {
	_, err := s.changePool(ctx, c, in.UserPoolId, func(tx store.Tx, r *poolRecord) error {
		if err := refuseDuringImport(tx, in.UserPoolId); err != nil {
			return err
		}
		wanted := replacement(in, &r.Settings)
		if err := checkPoolSettings(wanted); err != nil {
			return err
		}
		hadFactor, hadMFA := r.Factors.any(), r.mfa()
		r.replaceSettings(withDefaults(wanted), hadMFA)
		r.touch(c)
		if err := r.checkDomains(tx); err != nil {
			return err
		}
		if r.mfa() && !r.Factors.any() && !hadFactor {
			return r.checkWithoutFactor(in)
		}
		return r.check()
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.UpdateUserPoolResponse{}, nil
}

// replaceSettings gives the pool new settings, and keeps what is its own for life.
func (r *poolRecord) replaceSettings(settings *cognitoidp.UserPoolType, hadMFA bool) {
	old := r.Settings
	r.Settings = *settings
	r.Settings.Id, r.Settings.Arn = old.Id, old.Arn
	r.Settings.CreationDate, r.Settings.SchemaAttributes = old.CreationDate, old.SchemaAttributes
	r.Settings.Domain, r.Settings.CustomDomain = old.Domain, old.CustomDomain
	switch {
	case !r.mfa(): // SetUserPoolMfaConfig has to name them again
		r.Factors = factors{WebAuthn: r.Factors.WebAuthn}
	case !hadMFA:
		r.Factors.SMS = r.Settings.SmsConfiguration != nil
	default:
		r.Factors.SMS = r.Factors.SMS && r.Settings.SmsConfiguration != nil
	}
}

// checkWithoutFactor judges a pool that gets MFA by UpdateUserPool while there is
// no factor for it: OPTIONAL waits for SetUserPoolMfaConfig, ON would lock
// everybody out.
func (r *poolRecord) checkWithoutFactor(in *cognitoidp.UpdateUserPoolRequest) error {
	if in.MfaConfiguration == cognitoidp.UserPoolMfaTypeOn {
		return invalid("Cannot turn MFA functionality ON, once the user pool has been created.")
	}
	return r.checkTier()
}

// replacement returns the request that would make the pool anew as an update wants
// it. Cognito keeps a pool's aliases and username rules for life, and as it is in
// fact, whatever its API reference says of defaults, the name, the plan,
// MfaConfiguration, both policies and the update settings until a request names them.
func replacement(in *cognitoidp.UpdateUserPoolRequest, old *cognitoidp.UserPoolType) *cognitoidp.CreateUserPoolRequest {
	kept := *orEmpty(in.Policies)
	if kept.PasswordPolicy == nil {
		kept.PasswordPolicy = old.Policies.PasswordPolicy
	}
	if kept.SignInPolicy == nil {
		kept.SignInPolicy = old.Policies.SignInPolicy
	}
	updates := in.UserAttributeUpdateSettings
	if updates == nil {
		updates = old.UserAttributeUpdateSettings
	}
	return &cognitoidp.CreateUserPoolRequest{
		AliasAttributes:             old.AliasAttributes,
		UsernameAttributes:          old.UsernameAttributes,
		UsernameConfiguration:       old.UsernameConfiguration,
		PoolName:                    or(in.PoolName, old.Name),
		UserPoolTier:                or(in.UserPoolTier, old.UserPoolTier),
		MfaConfiguration:            or(in.MfaConfiguration, old.MfaConfiguration),
		Policies:                    &kept,
		UserAttributeUpdateSettings: updates,
		DeletionProtection:          in.DeletionProtection,
		LambdaConfig:                in.LambdaConfig,
		AutoVerifiedAttributes:      in.AutoVerifiedAttributes,
		SmsVerificationMessage:      in.SmsVerificationMessage,
		EmailVerificationMessage:    in.EmailVerificationMessage,
		EmailVerificationSubject:    in.EmailVerificationSubject,
		VerificationMessageTemplate: in.VerificationMessageTemplate,
		SmsAuthenticationMessage:    in.SmsAuthenticationMessage,
		DeviceConfiguration:         in.DeviceConfiguration,
		EmailConfiguration:          in.EmailConfiguration,
		SmsConfiguration:            in.SmsConfiguration,
		UserPoolTags:                in.UserPoolTags,
		AdminCreateUserConfig:       in.AdminCreateUserConfig,
		UserPoolAddOns:              in.UserPoolAddOns,
		AccountRecoverySetting:      in.AccountRecoverySetting,
		KeyConfiguration:            in.KeyConfiguration,
		IssuerConfiguration:         in.IssuerConfiguration,
	}
}

// addCustomAttributes implements AddCustomAttributes.
func (s *Service) addCustomAttributes(ctx context.Context, c *wire.Call, in *cognitoidp.AddCustomAttributesRequest) (*cognitoidp.AddCustomAttributesResponse, error) {
	_, err := s.changePool(ctx, c, in.UserPoolId, func(tx store.Tx, r *poolRecord) error {
		if err := refuseDuringImport(tx, in.UserPoolId); err != nil {
			return err
		}
		r.touch(c)
		return r.addAttributes(in.CustomAttributes)
	})
	if err != nil {
		return nil, err
	}
	return &cognitoidp.AddCustomAttributesResponse{}, nil
}

// addAttributes puts custom attributes behind the ones that the schema has, and
// before identities, which ends it.
func (r *poolRecord) addAttributes(declared []cognitoidp.SchemaAttributeType) error {
	list := slices.Clone(r.Settings.SchemaAttributes)
	end := slices.IndexFunc(list, func(a cognitoidp.SchemaAttributeType) bool { return a.Name == attrIdentities })
	if end < 0 {
		end = len(list)
	}
	for _, d := range declared {
		custom, err := customAttribute(d)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(a cognitoidp.SchemaAttributeType) bool { return a.Name == custom.Name }) {
			return errSameAttribute(custom.Name)
		}
		list = slices.Insert(list, end, custom)
		end++
	}
	if end-len(standardSchema()) > maxCustomAttributes {
		return errTooManyAttributes()
	}
	r.Settings.SchemaAttributes = list
	return nil
}
