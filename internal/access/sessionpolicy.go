package access

import (
	"fmt"
	"strings"

	"pintail/internal/policy"
)

// UnauthenticatedSessionPolicies narrow the sessions of guests that get their
// credentials from an identity pool's enhanced flow (Cognito developer guide,
// "Access policies for unauthenticated identities"). One of them must allow
// what the role allows.
func UnauthenticatedSessionPolicies() []string {
	return []string{guestManagedPolicy, guestInlinePolicy}
}

// Names of the built-in session policies. Sessions carry names instead of the
// texts, which keeps their tokens short.
const (
	guestManagedPolicy = "arn:aws:iam::aws:policy/AmazonCognitoUnAuthedIdentitiesSessionPolicy"
	guestInlinePolicy  = "builtin:CognitoUnauthenticatedInline"
)

var guestInline = allowing("firehose:*", "kinesisanalytics:*", "sqs:*", "sumerian:View*", "mobileanalytics:*", "ses:*", "lambda:*",
	"dynamodb:*", "sdb:*", "appsync:*", "geo:*", "sns:*", "gamelift:*", "iot:*", "comprehend:*", "lex:*", "machinelearning:*",
	"personalize:*", "polly:*", "rekognition:*", "sagemaker:InvokeEndpoint", "textract:DetectDocumentText", "textract:AnalyzeDocument",
	"transcribe:*", "translate:*", "cloudwatch:*", "logs:*", "execute-api:*", "cognito-identity:*", "cognito-idp:*", "cognito-sync:*", "s3:*")

// allowing is a policy that allows actions on everything.
func allowing(actions ...string) *policy.Document {
	text := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["` + strings.Join(actions, `","`) + `"],"Resource":"*"}]}`
	document, err := policy.Parse([]byte(text), policy.Managed)
	if err != nil {
		panic(err)
	}
	return document
}

// sessionPolicies turns what a session carries into documents. Those that
// callers passed inline are parsed again only when they are seldom used.
func (s *Service) sessionPolicies(carried []string) ([]policy.Named, error) {
	var named []policy.Named
	for i, text := range carried {
		if text == guestInlinePolicy {
			named = append(named, policy.Named{Name: text, Document: guestInline})
			continue
		}
		if m := awsManaged[text]; m != nil {
			document, err := s.document(policy.Managed, m.current())
			if err != nil {
				return nil, err
			}
			named = append(named, policy.Named{Name: text, Document: document})
			continue
		}
		document, err := s.document(policy.Session, text)
		if err != nil {
			return nil, err
		}
		named = append(named, policy.Named{Name: fmt.Sprintf("session policy %d", i+1), Document: document})
	}
	return named, nil
}
