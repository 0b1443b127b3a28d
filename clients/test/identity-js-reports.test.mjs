// The user pool's own reports, from a page that has both: aws-amplify tells Pinpoint who and where it is, and amazon-cognito-identity-js
// signs people up and in. No JavaScript library names the endpoint in AnalyticsMetadata, as those for Android and Swift do, so the app adds it.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { DeleteUserCommand, UpdateUserPoolClientCommand } from '@aws-sdk/client-cognito-identity-provider';
import { GetEndpointCommand, GetUserEndpointsCommand } from '@aws-sdk/client-pinpoint';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { flushEvents, identifyUser, record } from 'aws-amplify/analytics';
import { configureAmplify, muteWarnings } from '../lib/amplify.mjs';
import { awsClients } from '../lib/aws.mjs';
import { answered, done } from '../lib/identity.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const Username = 'mary';
const Password = 'Physical-Sciences-1834';
const email = 'mary@example.com';
const operations = [ // that have AnalyticsMetadata and that the library calls
  'SignUp', 'ConfirmSignUp', 'ResendConfirmationCode', 'ForgotPassword', 'ConfirmForgotPassword', 'InitiateAuth', 'RespondToAuthChallenge',
];

const tap = tapFetch();
const test = useServer();
const { step } = test;
let owner, endpointId, pool, user, session;

const endpoint = async () => (await owner.audience.send(new GetEndpointCommand({ ApplicationId: test.project.appId, EndpointId: endpointId }))).EndpointResponse;
const endpointsOf = async (UserId) => (await owner.audience.send(new GetUserEndpointsCommand({ ApplicationId: test.project.appId, UserId }))).EndpointsResponse.Item;
const signIn = (secret) => answered((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password: secret }), callbacks));

/** The counts of the events that begin with _userauth, once they are these. */
async function counted(want) {
  let got;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(20)) {
    const { Events } = JSON.parse(await test.server.pintail('status', '--json', '--app', test.project.appId));
    got = Object.fromEntries(Events.filter(({ Type }) => Type.startsWith('_userauth.')).map(({ Type, Count }) => [Type.slice(10), Count]));
    if (JSON.stringify(got) === JSON.stringify(want)) return;
  }
  assert.deepEqual(got, want);
}

/** The value of get(), once it holds. */
async function until(get, holds) {
  let got;
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(20)) {
    got = await get();
    if (holds(got)) return got;
  }
  return assert.fail(`it stays ${JSON.stringify(got)}`);
}

describe('the reports of a user pool, with amazon-cognito-identity-js and aws-amplify', () => {
  step('the client reports to the app that Amplify reports to', async () => {
    muteWarnings();
    owner = awsClients(test.server);
    const { appId, userPoolId, clientId } = test.project;
    const ApplicationArn = `arn:aws:mobiletargeting:${test.server.region}:${test.server.account}:apps/${appId}`;
    const { UserPoolClient } = await owner.users.send(new UpdateUserPoolClientCommand({
      UserPoolId: userPoolId, ClientId: clientId, ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
      AnalyticsConfiguration: { ApplicationArn, UserDataShared: true },
    }));
    assert.match(UserPoolClient.AnalyticsConfiguration.RoleArn, /AWSServiceRoleForAmazonCognitoIdp$/);
    configureAmplify(test.project.outputs, test.server.url);
    await identifyUser({ userId: 'somebody', userProfile: { demographic: { platform: 'web', appVersion: '7.1.0' } } });
    record({ name: 'page.opened' });
    flushEvents();
    ({ endpointId } = await tap.event('page.opened'));
    assert.equal((await endpoint()).User.UserId, 'somebody');
  });

  step('signing up makes the endpoint the user\'s, and counts', async () => {
    const { userPoolId, clientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: test.server.url });
    const request = pool.client.request.bind(pool.client);
    pool.client.request = (operation, params, callback) =>
      request(operation, operations.includes(operation) ? { ...params, AnalyticsMetadata: { AnalyticsEndpointId: endpointId } } : params, callback);
    const { userSub } = await done((callback) => pool.signUp(Username, Password, [new CognitoUserAttribute({ Name: 'email', Value: email })], null, callback));
    user = new CognitoUser({ Username, Pool: pool });
    await counted({ sign_up: 1 });
    const { User, Demographic, Address } = await until(endpoint, (e) => e.User.UserId === userSub);
    assert.equal(User.UserId, userSub);
    assert.deepEqual([Demographic.Platform, Demographic.AppVersion, Address], ['web', '7.1.0', undefined]);
  });

  step('the confirmed address is an endpoint of its own', async () => {
    const sub = (await endpoint()).User.UserId;
    assert.equal(await done(async (callback) => user.confirmRegistration(await test.server.code(email), true, callback)), 'SUCCESS');
    const found = await until(() => endpointsOf(sub), (list) => list.length === 2);
    const address = found.find((e) => e.Id !== endpointId);
    assert.deepEqual([address.ChannelType, address.Address, address.OptOut, address.EndpointStatus, address.User.UserId], ['EMAIL', email, 'NONE', 'ACTIVE', sub]);
  });

  step('a wrong password is one failure, and an SRP sign-in of two requests one sign-in', async () => {
    await assert.rejects(signIn('Natural-Sciences-1834'), named('NotAuthorizedException'));
    session = await signIn(Password);
    const naming = tap.calls.filter((c) => c.request?.AnalyticsMetadata?.AnalyticsEndpointId === endpointId).map((c) => c.target);
    assert.deepEqual(naming.slice(-4), ['InitiateAuth', 'RespondToAuthChallenge', 'InitiateAuth', 'RespondToAuthChallenge']);
    await counted({ auth_fail: 1, sign_in: 1, sign_up: 1 });
  });

  step('new tokens are no sign-in', async () => {
    await done((callback) => user.refreshSession(session.getRefreshToken(), callback));
    await signIn(Password);
    await counted({ auth_fail: 1, sign_in: 2, sign_up: 1 });
  });

  step('whoever leaves takes the address along', async () => {
    const sub = (await endpoint()).User.UserId;
    await owner.users.send(new DeleteUserCommand({ AccessToken: session.getAccessToken().getJwtToken() }));
    const left = await until(() => endpointsOf(sub), (list) => list.length === 1);
    assert.equal(left[0].Id, endpointId);
  });
});
