package policy

import "fmt"

// MalformedError refuses a document. Message is IAM's own text, for the caller;
// Detail says where the trouble is, for the owner's log, and may be empty.
type MalformedError struct {
	Message string
	Detail  string
}

// Error returns both texts.
func (e *MalformedError) Error() string {
	if e.Detail == "" {
		return e.Message
	}
	return e.Message + " (" + e.Detail + ")"
}

// IAM's texts. Those without a source in the User Guide were seen in the errors
// of the service itself, odd spacing included.
const (
	msgJSON         = "This policy contains invalid Json"
	msgSyntax       = "Syntax errors in policy."
	msgVersion      = "Policy document must be version 2012-10-17 or greater."
	msgLegacy       = "The policy failed legacy parsing"
	msgSidUnique    = "Statement IDs (SID) in a single policy must be unique."
	msgSidText      = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
	msgNoActions    = "Policy statement must contain actions."
	msgNoResources  = "Policy statement must contain resources."
	msgVendor       = "Resource vendor must be fully qualified and cannot contain regexes."
	msgIAMPath      = `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`
	msgActionPrefix = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	msgActionColons = "Actions/Condition can contain only one colon."
	msgPrincipal    = "Policy document should not specify a principal."
	msgNoPrincipal  = "Missing required field Principal"
	msgTrustActions = "Trust Policy statement actions can only be sts:AssumeRole, sts:AssumeRoleWithSAML,  and sts:AssumeRoleWithWebIdentity"
	msgTrustField   = "Has prohibited field %s."
	// msgOpenTrust is our own wording: IAM refuses such a policy too, but its
	// text is not known.
	msgOpenTrust = "A trust policy that allows cognito-identity.amazonaws.com must limit it to identity pools with a condition on cognito-identity.amazonaws.com:aud."
)

func malformed(message, detail string, args ...any) *MalformedError {
	return &MalformedError{Message: message, Detail: fmt.Sprintf(detail, args...)}
}

func invalidPrincipal(kind, value string) *MalformedError {
	return &MalformedError{Message: fmt.Sprintf(`Invalid principal in policy: "%s":"%s"`, kind, value)}
}
