// The main story (a guest becomes a user whom the owner knows), told by the
// unmodified aws-amplify, step by step.
import assert from 'node:assert/strict';
import { GetTokensFromRefreshTokenCommand, GetUserCommand, ListUsersCommand } from '@aws-sdk/client-cognito-identity-provider';
import { CreateAppCommand, GetAppsCommand, GetEndpointCommand, UpdateEndpointCommand } from '@aws-sdk/client-pinpoint';
import { flushEvents, identifyUser, record } from 'aws-amplify/analytics';
import * as auth from 'aws-amplify/auth';
import { amplifyVersion, configureAmplify, refreshToken } from '../lib/amplify.mjs';
import { awsClients, tamperWith } from '../lib/aws.mjs';
import { tapFetch } from '../lib/wiretap.mjs';
import { askAll } from './analytics.mjs';
import { whatTheServerKnows } from './knowledge.mjs';
import { meetTelephone } from './telephone.mjs';

const username = 'ada';
const password = 'Analytical-Engine-1843';
const email = 'ada@example.com';
const profile = {
  email, name: 'Ada Lovelace', plan: 'gold',
  customProperties: { interests: ['engines', 'music'] },
  metrics: { logins: 1, score: 18.43 },
  demographic: {
    appVersion: '3.2.0', locale: 'en_GB', make: 'Babbage', model: 'Analytical Engine', modelVersion: '1',
    platform: 'brass', platformVersion: '1.0', timezone: 'Europe/London',
  },
  location: { city: 'London', country: 'GB', latitude: 51.5, longitude: -0.1, postalCode: 'W1', region: 'England' },
};

/** Plays the story on an empty project; each step checks what came back. */
export async function playStory(server, project, report) {
  const tap = tapFetch();
  introduce(project, server, report);
  const guest = await asGuest(tap, report);
  await signUp(server, report);
  const user = await signIn(tap, guest, report);
  await tellPinpoint(tap, user, report);
  await showKnowledge(server, project, user, report);
  await refusals(server, project, guest, user, report);
  await signOut(server, project, user, report);
  await meetTelephone(server, project, report);
  await showNumbers(server, project, report);
}

function introduce(project, server, report) {
  const { Auth: { Cognito } } = configureAmplify(project.outputs, server.url);
  report.chapter(`The app: aws-amplify ${amplifyVersion} as npm installs it. Beside its amplify_outputs.json it is told where the server is:`);
  report.detail('userPoolEndpoint', Cognito.userPoolEndpoint);
  report.detail('identityPoolEndpoint', Cognito.identityPoolEndpoint);
  report.detail('fetch, for Pinpoint', `${server.url} (clients/js/pintail.js)`);
}

async function asGuest(tap, report) {
  report.chapter('A guest opens the app');
  const guest = await report.step('fetchAuthSession', () => auth.fetchAuthSession(),
    (s) => `identity ${s.identityId}, key ${s.credentials.accessKeyId}`);
  const opened = await report.step('record "app.opened"', () => recorded(tap, 'app.opened', { screen: 'home' }), shownEvent);
  return { ...guest, endpointId: opened.endpointId };
}

async function signUp(server, report) {
  report.chapter('They sign up');
  const request = { username, password, options: { userAttributes: { email, 'custom:display_name': 'Ada' } } };
  await report.step('signUp with e-mail and custom:display_name', async () => {
    const { nextStep } = await auth.signUp(request);
    assert.equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP');
    return nextStep.codeDeliveryDetails;
  }, (to) => `a code went by ${to.deliveryMedium} to ${to.destination}`);
  const confirmationCode = await report.step('pintail outbox --code, which holds what was sent', () => server.code(email), (code) => `code ${code}`);
  await report.refused('signIn before confirming', /UserNotConfirmed/, async () => {
    const { nextStep } = await auth.signIn({ username, password });
    // Amplify turns the server's refusal into the next thing to ask the person for.
    if (nextStep.signInStep === 'CONFIRM_SIGN_UP') throw Object.assign(new Error('next step: CONFIRM_SIGN_UP'), { name: 'UserNotConfirmedException' });
  });
  await report.step('confirmSignUp with the code', () => auth.confirmSignUp({ username, confirmationCode }), (r) => r.nextStep.signUpStep);
}

async function signIn(tap, guest, report) {
  report.chapter('They sign in');
  await report.refused('signIn with a wrong password', /^NotAuthorizedException$/, () => auth.signIn({ username, password: 'Difference-Engine-1822' }));
  await report.step('signIn by SRP (the password never leaves the app)', async () => {
    const { nextStep } = await auth.signIn({ username, password });
    assert.equal(nextStep.signInStep, 'DONE');
    assert.equal(tap.calls.some((call) => JSON.stringify(call.request ?? '').includes(password) && call.target !== 'SignUp'), false);
  }, () => 'signed in');
  const user = await report.step('fetchAuthSession', () => auth.fetchAuthSession(), (s) => `sub ${s.userSub}`);
  await report.step('the guest\'s identity is theirs now', async () => assert.equal(user.identityId, guest.identityId), () => user.identityId);
  await report.step('fetchUserAttributes', async () => {
    const attributes = await auth.fetchUserAttributes();
    assert.deepEqual(attributes, { sub: user.userSub, email, email_verified: 'true', 'custom:display_name': 'Ada' });
    return attributes;
  }, ({ sub, ...rest }) => shownMap(rest));
  await report.step('updateUserAttributes custom:display_name', async () => {
    await auth.updateUserAttributes({ userAttributes: { 'custom:display_name': 'Countess of Lovelace' } });
    return auth.fetchUserAttributes();
  }, (attributes) => `now "${attributes['custom:display_name']}"`);
  return report.step('fetchAuthSession forceRefresh', async () => {
    const renewed = await auth.fetchAuthSession({ forceRefresh: true });
    assert.notEqual(renewed.tokens.accessToken.toString(), user.tokens.accessToken.toString());
    return renewed;
  }, (s) => `new tokens; the id token says "${s.tokens.idToken.payload['custom:display_name']}"`);
}

async function tellPinpoint(tap, user, report) {
  report.chapter('The app tells Pinpoint who uses it, and what they do');
  await report.step('identifyUser with a whole profile', () => identifyUser({ userId: user.userSub, userProfile: profile, options: { userAttributes: { tier: ['founder'] } } }),
    () => 'attributes, metrics, demographic, location, user');
  for (const [name, attributes, metrics] of [
    ['product.viewed', { product: 'punched cards' }], ['cart.added', { product: 'punched cards' }, { price: 12.5 }], ['order.placed', { payment: 'card' }, { total: 25 }],
  ]) {
    await report.step(`record "${name}" and flushEvents`, () => recorded(tap, name, attributes, metrics), shownEvent);
  }
}

async function showKnowledge(server, project, user, report) {
  report.chapter('What the server knows now (asked by the owner)');
  const { user: person, endpoints, counts, events, active } = await report.step('AdminGetUser, GetUserEndpoints, pintail status', async () => {
    const known = await whatTheServerKnows(server, project, username, user.userSub);
    assert.equal(known.user.attributes['custom:display_name'], 'Countess of Lovelace');
    const [endpoint] = known.endpoints;
    assert.deepEqual(endpoint.Attributes, { email: [email], name: [profile.name], plan: [profile.plan], ...profile.customProperties });
    assert.deepEqual(endpoint.Metrics, profile.metrics);
    assert.deepEqual(endpoint.User, { UserId: user.userSub, UserAttributes: { tier: ['founder'] } });
    assert.deepEqual(known.events, { 'app.opened': 1, 'cart.added': 1, 'order.placed': 1, 'product.viewed': 1 });
    // Amplify names a guest by the identity's id: one device, first as the guest and then as Ada.
    assert.deepEqual(known.active.endpoints.map((day) => day.Count), [1]);
    assert.deepEqual(known.active.users.map((day) => day.Count), [2]);
    assert.ok(Object.values(known.counts).every(Number.isFinite) && Object.keys(known.counts).length > 0, 'status has no counts');
    return known;
  }, (known) => `1 user, ${known.endpoints.length} endpoint, all as the app sent it`);
  const { sub, ...attributes } = person.attributes;
  report.detail('user', `${username}, ${person.status}, sub ${sub}`);
  report.detail('  attributes', shownMap(attributes));
  for (const e of endpoints) {
    report.detail('endpoint', `${e.Id}, ${e.EndpointStatus}, cohort ${e.CohortId}`);
    report.detail('  user', `${e.User.UserId}, ${shownMap(e.User.UserAttributes)}`);
    report.detail('  where, with what', `${e.Location.City}, ${e.Demographic.Make} ${e.Demographic.Model}, app ${e.Demographic.AppVersion}, ${e.Demographic.Locale}`);
    report.detail('  attributes, metrics', `${shownMap(e.Attributes)}, ${shownMap(e.Metrics)}`);
  }
  report.detail('events', shownMap(events));
  for (const { Day, Count } of active.endpoints) report.detail('active endpoints', `${Count} on ${Day.slice(0, 10)}`);
  for (const { Day, Count } of active.users) report.detail('active users', `${Count} on ${Day.slice(0, 10)}: the guest, by its identity, and then ${username}`);
  report.detail('counts', shownMap(counts));
}

async function refusals(server, project, guest, user, report) {
  report.chapter('What must not happen does not (the app\'s own AWS credentials)');
  const asGuest = awsClients(server, guest.credentials);
  const asUser = awsClients(server, user.credentials);
  const { Id: other } = await report.step('the owner makes another app', async () =>
    (await awsClients(server).audience.send(new CreateAppCommand({ CreateApplicationRequest: { Name: 'Other' } }))).ApplicationResponse, (app) => `app ${app.Id}`);
  const endpoint = { ApplicationId: project.appId, EndpointId: guest.endpointId };
  const update = (id) => new UpdateEndpointCommand({ ...endpoint, ApplicationId: id, EndpointRequest: { Attributes: { plan: ['gold'] } } });
  const denied = /Forbidden|AccessDenied/;
  await report.refused('the guest lists all apps (GetApps)', denied, () => asGuest.audience.send(new GetAppsCommand({})));
  await report.refused('the user reads an endpoint (GetEndpoint)', denied, () => asUser.audience.send(new GetEndpointCommand(endpoint)));
  await report.refused('the user writes into the other app (UpdateEndpoint)', denied, () => asUser.audience.send(update(other)));
  await report.refused('the user lists the pool\'s users (ListUsers)', denied, () => asUser.users.send(new ListUsersCommand({ UserPoolId: project.userPoolId })));
  const upgrade = (request) => { request.body = Buffer.from(request.body).toString().replace('gold', 'free'); };
  await report.refused('somebody changes the user\'s request on its way', /Signature/, () =>
    tamperWith(awsClients(server, user.credentials).audience, upgrade).send(update(project.appId)));
  await report.step('unchanged, the same request is allowed', () => asUser.audience.send(update(project.appId)), (r) => r.MessageBody.Message);
}

async function signOut(server, project, user, report) {
  report.chapter('They sign out');
  const RefreshToken = await refreshToken(project.clientId);
  await report.step('signOut', async () => {
    await auth.signOut();
    await assert.rejects(auth.getCurrentUser());
  }, () => 'signed out, the refresh token is revoked');
  const { users } = awsClients(server);
  await report.refused('the old refresh token asks for new tokens', /^NotAuthorizedException$/, () =>
    users.send(new GetTokensFromRefreshTokenCommand({ ClientId: project.clientId, RefreshToken })));
  await report.refused('the old access token reads the attributes', /^NotAuthorizedException$/, () =>
    users.send(new GetUserCommand({ AccessToken: user.tokens.accessToken.toString() })));
}

async function showNumbers(server, project, report) {
  report.chapter('What the owner\'s analytics say (GetApplicationDateRangeKpi)');
  const answers = await report.step('ask who was active, who is new, and who buys', async () => {
    const answers = await askAll(server, project);
    const { funnel, events, ...numbers } = Object.fromEntries(answers);
    const today = (name) => numbers[name].map(({ Date: _, ...values }) => Object.values(values)[0]);
    // Two devices: that of Ada, who was a guest before, and the telephone. Ada went all the way from the product to the order.
    assert.deepEqual([today('daily-active-endpoints'), today('daily-active-users'), today('new-endpoints')], [[2], [3], [2]]);
    assert.deepEqual([today('sign-ups'), today('sign-ins'), today('failed-sign-ins')], [[1], [1], [1]]);
    assert.deepEqual(funnel.map(({ Endpoints, Rate }) => [Endpoints, Rate]), [[1, 1], [1, 1], [1, 1]]);
    assert.deepEqual(events.map(({ EventType, Events, Sum }) => [EventType, Events, Sum]), [['order.placed', 1, 25]]);
    return answers;
  }, () => 'every number is as the story went');
  for (const [name, rows] of answers) {
    for (const row of rows) report.detail(name, shownMap(row));
  }
}

// Records an event, flushes, and waits for the server's word on it.
async function recorded(tap, name, attributes, metrics) {
  record({ name, attributes, metrics });
  flushEvents();
  const { result, endpointId, status } = await tap.event(name);
  assert.deepEqual({ status, result }, { status: 202, result: { StatusCode: 202, Message: 'Accepted' } });
  return { result, endpointId };
}

const shownEvent = ({ result, endpointId }) => `${result.StatusCode} ${result.Message}, endpoint ${endpointId}`;
const shownMap = (map) => Object.entries(map).map(([name, value]) => `${name}=${[value].flat().join('|')}`).join(', ');
