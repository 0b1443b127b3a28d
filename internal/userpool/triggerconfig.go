package userpool

import "pintail/internal/gen/cognitoidp"

// checkTriggers refuses a LambdaConfig that contradicts itself (Cognito API
// reference, LambdaConfigType).
func checkTriggers(in *cognitoidp.CreateUserPoolRequest) error {
	l := orEmpty(in.LambdaConfig)
	if (l.CustomSMSSender != nil || l.CustomEmailSender != nil) && l.KMSKeyID == "" {
		return invalid("KMSKeyID is required when CustomSMSSender or CustomEmailSender is set.")
	}
	if c := l.PreTokenGenerationConfig; c != nil && l.PreTokenGeneration != "" && l.PreTokenGeneration != c.LambdaArn {
		return invalid("PreTokenGeneration and the LambdaArn of PreTokenGenerationConfig must be the same.")
	}
	return nil
}
