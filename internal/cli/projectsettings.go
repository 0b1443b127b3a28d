package cli

import (
	"encoding/json"
)

// settingsFile is what a client library reads to find a project.
type settingsFile struct {
	name, use string
	before    string // a script around the JSON
	content   any
}

// text is the content of the file.
func (f settingsFile) text() (string, error) {
	text, err := json.MarshalIndent(f.content, "", "  ")
	return f.before + string(text), err
}

type settings = map[string]any

// settings are the files for every generation of clients. None of them but the first has
// a place for the server's address; docs/operations.md says how each client is told.
func (p project) settings(server *client) []settingsFile {
	return []settingsFile{
		{"amplify_outputs.json", "Amplify Gen 2", "", p.amplifyOutputs(server)},
		{"aws-exports.js", "Amplify Gen 1, JavaScript", "export default ", p.awsExports(server)},
		{"amplifyconfiguration.json", "Amplify for Android, Swift and Flutter", "", p.amplifyConfiguration(server)},
		{"awsconfiguration.json", "AWS Mobile SDK", "", p.awsConfiguration(server)},
	}
}

func (p project) amplifyOutputs(server *client) settings {
	return settings{
		"version": "1.3",
		"auth": settings{
			"aws_region": server.Region, "user_pool_id": p.UserPool, "user_pool_client_id": p.PoolClient, "identity_pool_id": p.IdentityPool,
			"username_attributes": []string{}, "user_verification_types": []string{"email"}, "unauthenticated_identities_enabled": true,
		},
		"analytics":     settings{"amazon_pinpoint": settings{"aws_region": p.AppRegion, "app_id": p.App}},
		"notifications": settings{"aws_region": p.AppRegion, "amazon_pinpoint_app_id": p.App, "channels": []string{"IN_APP_MESSAGING"}},
		"custom":        settings{"pintail": settings{"url": server.URL}},
	}
}

func (p project) awsExports(server *client) settings {
	return settings{
		"aws_project_region": server.Region, "aws_cognito_region": server.Region, "aws_cognito_identity_pool_id": p.IdentityPool,
		"aws_user_pools_id": p.UserPool, "aws_user_pools_web_client_id": p.PoolClient,
		"aws_mobile_analytics_app_id": p.App, "aws_mobile_analytics_app_region": p.AppRegion,
		"aws_cognito_signup_attributes": []string{"EMAIL"}, "aws_cognito_verification_mechanisms": []string{"EMAIL"},
		"Analytics":     settings{"AWSPinpoint": settings{"appId": p.App, "region": p.AppRegion}},
		"Notifications": settings{"InAppMessaging": settings{"AWSPinpoint": settings{"appId": p.App, "region": p.AppRegion}}},
	}
}

// identities and users are what both kinds of mobile settings say of the pools.
func (p project) identities(server *client) settings {
	return settings{"CognitoIdentity": settings{"Default": settings{"PoolId": p.IdentityPool, "Region": server.Region}}}
}

func (p project) users(server *client) settings {
	return settings{"Default": settings{"PoolId": p.UserPool, "AppClientId": p.PoolClient, "Region": server.Region}}
}

func (p project) amplifyConfiguration(server *client) settings {
	return settings{
		"UserAgent": "aws-amplify-cli/2.0", "Version": "1.0",
		"auth": settings{"plugins": settings{"awsCognitoAuthPlugin": settings{
			"UserAgent": "aws-amplify-cli/0.1.0", "Version": "0.1.0", "IdentityManager": settings{"Default": settings{}},
			"CredentialsProvider": p.identities(server), "CognitoUserPool": p.users(server),
			"Auth": settings{"Default": settings{"authenticationFlowType": "USER_SRP_AUTH"}},
		}}},
		"analytics": settings{"plugins": settings{"awsPinpointAnalyticsPlugin": settings{
			"pinpointAnalytics": settings{"appId": p.App, "region": p.AppRegion}, "pinpointTargeting": settings{"region": p.AppRegion},
		}}},
	}
}

func (p project) awsConfiguration(server *client) settings {
	return settings{
		"UserAgent": "aws-amplify-cli/0.1.0", "Version": "1.0", "IdentityManager": settings{"Default": settings{}},
		"CredentialsProvider": p.identities(server), "CognitoUserPool": p.users(server),
		"PinpointAnalytics": settings{"Default": settings{"AppId": p.App, "Region": p.AppRegion}},
		"PinpointTargeting": settings{"Default": settings{"Region": p.AppRegion}},
	}
}
