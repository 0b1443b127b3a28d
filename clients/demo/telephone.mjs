// A second person, whose app is on a telephone: as Amplify's libraries for Android and Swift do, and those for JavaScript do
// not, it names its endpoint when it signs somebody up or in. So the user pool itself reports that to Pinpoint.
import assert from 'node:assert/strict';
import { ConfirmSignUpCommand, InitiateAuthCommand, SignUpCommand, UpdateUserPoolClientCommand } from '@aws-sdk/client-cognito-identity-provider';
import { awsClients } from '../lib/aws.mjs';

const Username = 'grace';
const Password = 'Compiler-A0-1952!';
const email = 'grace@example.com';
const AnalyticsMetadata = { AnalyticsEndpointId: 'telephone-of-grace' };

/** Lets the pool report, and signs grace up and in. */
export async function meetTelephone(server, { appId, userPoolId: UserPoolId, clientId: ClientId }, report) {
  const { users } = awsClients(server);
  const signIn = (PASSWORD) => users.send(new InitiateAuthCommand({
    ClientId, AnalyticsMetadata, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: Username, PASSWORD },
  }));
  report.chapter('Somebody signs up on a telephone, and the user pool reports it');
  await report.step('the owner lets the pool report (UpdateUserPoolClient)', async () => {
    const ApplicationArn = `arn:aws:mobiletargeting:${server.region}:${server.account}:apps/${appId}`;
    const { UserPoolClient } = await users.send(new UpdateUserPoolClientCommand({
      UserPoolId, ClientId, ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      AnalyticsConfiguration: { ApplicationArn, UserDataShared: false },
    }));
    return UserPoolClient.AnalyticsConfiguration;
  }, ({ RoleArn }) => `as ${RoleArn.split('/').at(-1)}`);
  await report.step('SignUp, which names the telephone\'s endpoint', () => users.send(new SignUpCommand({
    ClientId, Username, Password, AnalyticsMetadata, UserAttributes: [{ Name: 'email', Value: email }],
  })), ({ UserSub }) => `sub ${UserSub}`);
  await report.step('ConfirmSignUp with the code from the outbox', async () => {
    await users.send(new ConfirmSignUpCommand({ ClientId, Username, ConfirmationCode: await server.code(email), AnalyticsMetadata }));
  });
  await report.refused('InitiateAuth with a wrong password', /^NotAuthorizedException$/, () => signIn('Flow-Matic-1955!'));
  await report.step('InitiateAuth with the right one', async () => {
    const { AuthenticationResult } = await signIn(Password);
    assert.ok(AuthenticationResult.AccessToken);
  }, () => 'signed in');
}
