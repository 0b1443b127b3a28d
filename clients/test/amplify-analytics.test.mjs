// aws-amplify in Node: what guests and users tell Pinpoint, and what their credentials do not allow.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { GetCredentialsForIdentityCommand } from '@aws-sdk/client-cognito-identity';
import { AdminConfirmSignUpCommand, ListUsersCommand } from '@aws-sdk/client-cognito-identity-provider';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { CreateAppCommand, GetAppsCommand, GetEndpointCommand, GetUserEndpointsCommand, UpdateEndpointCommand } from '@aws-sdk/client-pinpoint';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { flushEvents, identifyUser, record } from 'aws-amplify/analytics';
import * as auth from 'aws-amplify/auth';
import { configureAmplify, muteWarnings } from '../lib/amplify.mjs';
import { awsClients, tamperWith } from '../lib/aws.mjs';
import { useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const username = 'grace';
const password = 'Compiler-A0-1952!';
const profile = {
  email: 'grace@example.com', name: 'Grace Hopper', plan: 'gold',
  customProperties: { interests: ['compilers', 'ships'] },
  metrics: { logins: 3, score: 19.52 },
  demographic: {
    appVersion: '3.2.0', locale: 'en_US', make: 'Remington Rand', model: 'UNIVAC', modelVersion: 'I',
    platform: 'mercury', platformVersion: '1.0', timezone: 'America/New_York',
  },
  location: { city: 'Philadelphia', country: 'US', latitude: 39.9, longitude: -75.2, postalCode: '19104', region: 'PA' },
};

const tap = tapFetch();
const test = useServer();
const { step } = test;
let owner, guest, user, endpointId, otherApp;

const named = (name, message) => (error) => {
  assert.match(error.name, name);
  if (message) assert.match(error.message, message);
  return true;
};
const notAuthorized = (role, action) => named(/^(Forbidden|AccessDenied)Exception$/,
  new RegExp(`^User: arn:aws:sts::${test.server.account}:assumed-role/${role}/CognitoIdentityCredentials is not authorized to perform: ${action}`));
const endpoint = async (id = endpointId) =>
  (await owner.audience.send(new GetEndpointCommand({ ApplicationId: test.project.appId, EndpointId: id }))).EndpointResponse;
const update = (ApplicationId = test.project.appId) =>
  new UpdateEndpointCommand({ ApplicationId, EndpointId: endpointId, EndpointRequest: { Attributes: { plan: ['gold'] } } });

async function recorded(name, attributes, metrics) {
  record({ name, attributes, metrics });
  flushEvents();
  const sent = await tap.event(name);
  assert.equal(sent.status, 202);
  assert.deepEqual(sent.result, { StatusCode: 202, Message: 'Accepted' });
  return sent;
}

describe('aws-amplify in Node: analytics', () => {
  step('a guest\'s first event makes an endpoint', async () => {
    muteWarnings();
    owner = awsClients(test.server);
    configureAmplify(test.project.outputs, test.server.url);
    guest = await auth.fetchAuthSession();
    ({ endpointId } = await recorded('app.opened', { screen: 'home' }));
    const { Id, ApplicationId, User, EndpointStatus, CohortId, CreationDate } = await endpoint();
    assert.deepEqual({ Id, ApplicationId, UserId: User.UserId, EndpointStatus },
      { Id: endpointId, ApplicationId: test.project.appId, UserId: guest.identityId, EndpointStatus: 'ACTIVE' });
    assert.match(CohortId, /^[0-9]{1,2}$/);
    assert.ok(Math.abs(Date.now() - new Date(CreationDate)) < 60_000, CreationDate);
  });

  step('guests\' credentials are the guests\' role', async () => {
    const { Arn, Account, UserId } = await awsClients(test.server, guest.credentials).tokens.send(new GetCallerIdentityCommand({}));
    assert.equal(Account, test.server.account);
    assert.equal(Arn, `arn:aws:sts::${Account}:assumed-role/Shop-guest/CognitoIdentityCredentials`);
    const { Role } = await owner.access.send(new GetRoleCommand({ RoleName: 'Shop-guest' }));
    assert.equal(UserId, `${Role.RoleId}:CognitoIdentityCredentials`);
  });

  step('guests may not read, list, or touch another app', async () => {
    ({ Id: otherApp } = (await owner.audience.send(new CreateAppCommand({ CreateApplicationRequest: { Name: 'Other' } }))).ApplicationResponse);
    const { audience, users } = awsClients(test.server, guest.credentials);
    const refusals = [
      ['mobiletargeting:GetApps', () => audience.send(new GetAppsCommand({}))],
      ['mobiletargeting:GetEndpoint', () => audience.send(new GetEndpointCommand({ ApplicationId: test.project.appId, EndpointId: endpointId }))],
      ['mobiletargeting:UpdateEndpoint', () => audience.send(update(otherApp))],
      ['cognito-idp:ListUsers', () => users.send(new ListUsersCommand({ UserPoolId: test.project.userPoolId }))],
    ];
    for (const [action, call] of refusals) await assert.rejects(call, notAuthorized('Shop-guest', action));
    assert.equal((await audience.send(update())).MessageBody.Message, 'Accepted');
  });

  step('signing in turns the guest into the user, with the users\' role', async () => {
    await auth.signUp({ username, password, options: { userAttributes: { email: profile.email } } });
    await owner.users.send(new AdminConfirmSignUpCommand({ UserPoolId: test.project.userPoolId, Username: username }));
    await auth.signIn({ username, password });
    user = await auth.fetchAuthSession();
    assert.equal(user.identityId, guest.identityId);
    const { Arn } = await awsClients(test.server, user.credentials).tokens.send(new GetCallerIdentityCommand({}));
    assert.equal(Arn, `arn:aws:sts::${test.server.account}:assumed-role/Shop-user/CognitoIdentityCredentials`);
  });

  step('an identity with a login is no guest\'s any more', () => assert.rejects(
    owner.identities.send(new GetCredentialsForIdentityCommand({ IdentityId: user.identityId })), named(/^NotAuthorizedException$/)));

  step('identifyUser is read back as it was sent', async () => {
    tap.calls.length = 0;
    await identifyUser({ userId: user.userSub, userProfile: profile, options: { userAttributes: { tier: ['admiral'] } } });
    const { request, url, status } = tap.calls.find((c) => c.method === 'PUT');
    assert.equal(status, 202);
    assert.equal(url.pathname, `/v1/apps/${test.project.appId}/endpoints/${endpointId}`);
    const stored = await endpoint();
    for (const part of ['Attributes', 'Metrics', 'Demographic', 'Location', 'User', 'RequestId']) assert.deepEqual(stored[part], request[part], part);
    assert.equal(new Date(stored.EffectiveDate).getTime(), new Date(request.EffectiveDate).getTime());
  });

  step('a later identifyUser leaves what it does not mention', async () => {
    await identifyUser({ userId: user.userSub, userProfile: { plan: 'silver', customProperties: { interests: ['nanoseconds'] } } });
    const stored = await endpoint();
    assert.deepEqual(stored.Attributes.plan, ['silver']);
    assert.deepEqual(stored.Attributes.interests, ['nanoseconds']);
    assert.deepEqual(stored.Attributes.name, [profile.name]);
    assert.deepEqual(stored.Metrics, profile.metrics);
    assert.equal(stored.Location.City, 'Philadelphia');
    assert.deepEqual(stored.User, { UserId: user.userSub, UserAttributes: { tier: ['admiral'] } });
  });

  step('the endpoint is found by its user', async () => {
    const { EndpointsResponse } = await owner.audience.send(new GetUserEndpointsCommand({ ApplicationId: test.project.appId, UserId: user.userSub }));
    assert.deepEqual(EndpointsResponse.Item.map((e) => e.Id), [endpointId]);
  });

  step('events of a user are accepted, each by name', async () => {
    const { event, endpointId: from } = await recorded('order.placed', { payment: 'card' }, { total: 25.5 });
    assert.equal(from, endpointId);
    assert.deepEqual(event.Attributes, { payment: 'card' });
    assert.deepEqual(event.Metrics, { total: 25.5 });
    for (const name of ['product.viewed', 'cart.added', 'cart.emptied']) record({ name });
    flushEvents();
    for (const name of ['product.viewed', 'cart.added', 'cart.emptied']) assert.equal((await tap.event(name)).result.StatusCode, 202);
  });

  step('users may not read, list, or touch another app either', async () => {
    const { audience, users } = awsClients(test.server, user.credentials);
    await assert.rejects(audience.send(new GetAppsCommand({})), notAuthorized('Shop-user', 'mobiletargeting:GetApps'));
    await assert.rejects(audience.send(update(otherApp)), notAuthorized('Shop-user', 'mobiletargeting:UpdateEndpoint'));
    await assert.rejects(users.send(new ListUsersCommand({ UserPoolId: test.project.userPoolId })), notAuthorized('Shop-user', 'cognito-idp:ListUsers'));
  });

  step('a request changed after it was signed is refused', async () => {
    const changes = [
      (request) => { request.body = Buffer.from(request.body).toString().replace('gold', 'free'); },
      (request) => { request.path = request.path.replace(endpointId, endpointId.replace(/.$/, (c) => (c === '0' ? '1' : '0'))); },
      (request) => { request.headers.authorization = request.headers.authorization.replace(/.$/, (c) => (c === '0' ? '1' : '0')); },
    ];
    for (const change of changes) {
      const { audience } = awsClients(test.server, user.credentials);
      await assert.rejects(tamperWith(audience, change).send(update()), named(/^(InvalidSignature|SignatureDoesNotMatch)/));
    }
    assert.deepEqual((await endpoint()).Attributes.plan, ['silver']);
  });

  step('credentials that nobody issued are refused', async () => {
    const send = (changes) => awsClients(test.server, { ...user.credentials, ...changes }).audience.send(update());
    await assert.rejects(send({ secretAccessKey: 'another secret' }), named(/^(InvalidSignature|SignatureDoesNotMatch)/));
    await assert.rejects(send({ accessKeyId: 'ASIAAAAAAAAAAAAAAAAA' }), named(/^(UnrecognizedClient|InvalidClientTokenId)/));
    await assert.rejects(send({ sessionToken: 'another token' }), named(/^(UnrecognizedClient|InvalidClientTokenId)/));
    await assert.rejects(send({ sessionToken: guest.credentials.sessionToken }), named(/^(UnrecognizedClient|InvalidClientTokenId|InvalidSignature)/));
    assert.deepEqual((await endpoint()).Attributes.plan, ['silver']);
  });

  step('an app whose clock is wrong corrects it by the server\'s', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 20 * 60_000 });
    tap.calls.length = 0;
    await identifyUser({ userId: user.userSub, userProfile: { plan: 'bronze' } });
    const attempts = tap.calls.filter((c) => c.method === 'PUT').map((c) => c.status);
    t.mock.timers.reset();
    assert.equal(attempts.length, 2);
    assert.ok(attempts[0] >= 400 && attempts[0] < 500, `first attempt: ${attempts[0]}`);
    assert.equal(attempts[1], 202);
    assert.deepEqual((await endpoint()).Attributes.plan, ['bronze']);
  });
});
