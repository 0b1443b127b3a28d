// AWS SDK for JavaScript v3 clients that talk to a Pintail server.
import https from 'node:https';
import { CognitoIdentityClient } from '@aws-sdk/client-cognito-identity';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { IAMClient } from '@aws-sdk/client-iam';
import { PinpointClient } from '@aws-sdk/client-pinpoint';
import { STSClient } from '@aws-sdk/client-sts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true'; // a notice about SDK versions to come

/**
 * One client per service, acting with the given credentials: by default the
 * server's root access key, the project's owner. A refusal shows at once: no retries.
 */
export function awsClients(server, credentials = server.credentials) {
  const config = { endpoint: server.url, region: server.region, credentials, maxAttempts: 1 };
  if (server.trust) config.requestHandler = { httpsAgent: new https.Agent(server.trust) };
  return {
    users: new CognitoIdentityProviderClient(config),
    identities: new CognitoIdentityClient(config),
    access: new IAMClient(config),
    tokens: new STSClient(config),
    audience: new PinpointClient(config),
  };
}

/** Lets change(request) alter a client's requests after they were signed: what a man in the middle could do. */
export function tamperWith(client, change) {
  client.middlewareStack.add((next) => (args) => {
    change(args.request);
    return next(args);
  }, { step: 'deserialize', name: 'tamper', priority: 'low' });
  return client;
}
