package access

import (
	"context"
	"errors"

	"pintail/internal/gen/sts"
	"pintail/internal/policy"
	"pintail/internal/store"
	"pintail/internal/wire"
)

// maxNarrowing is how many characters the policies of a session may have together.
const maxNarrowing = 2048

// narrowing is how a caller of STS narrows a session: by a document of its own and by
// managed policies of the account or of AWS.
type narrowing struct {
	policies []string // as a session carries them
	size     int
}

// packed is PackedPolicySize: how much of the room for policies is taken, in percent; nil
// without policies.
func (n narrowing) packed() *int32 {
	if len(n.policies) == 0 {
		return nil
	}
	return new(int32(1 + min(99, n.size*100/maxNarrowing)))
}

// narrow reads the session policies of a request.
func (s *Service) narrow(ctx context.Context, document string, arns []sts.PolicyDescriptorType) (n narrowing, err error) {
	if document != "" {
		if _, err := policy.Parse([]byte(document), policy.Session); err != nil {
			return n, malformedSession(err)
		}
		n.policies, n.size = []string{document}, len(document)
	}
	for _, of := range arns {
		text, err := s.managedText(ctx, of.Arn)
		if err != nil {
			return n, err
		}
		n.size += policy.Size(text)
		if awsManaged[of.Arn] != nil {
			text = of.Arn
		}
		n.policies = append(n.policies, text)
	}
	if n.size > maxNarrowing {
		return n, sts.PackedPolicyTooLargeException.Newf("Packed policy consumes %d%% of allotted space, please use smaller policy.", n.size*100/maxNarrowing)
	}
	return n, nil
}

// managedText returns the document of a managed policy that a session is to have.
func (s *Service) managedText(ctx context.Context, arn string) (text string, err error) {
	if err := checkPolicyARN(arn); err != nil {
		return "", err
	}
	err = s.db.View(ctx, func(tx store.Tx) error {
		m, err := s.findPolicy(tx, arn)
		if err != nil {
			return err
		}
		text = m.current()
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		err = wire.ValidationError.Newf("PolicyArns: the policy %s does not exist or is not of this account.", arn)
	}
	return text, err
}

func malformedSession(err error) error {
	if bad, ok := errors.AsType[*policy.MalformedError](err); ok {
		return sts.MalformedPolicyDocumentException.New(bad.Message).WithReason(bad.Detail)
	}
	return err
}
