// What the app does in a browser, whichever way its requests reach the
// server: a guest opens it, signs up, signs in by SRP, says who they are,
// and is counted. The steps drive the page; the checks look at the server.
import assert from 'node:assert/strict';
import { GetEndpointCommand } from '@aws-sdk/client-pinpoint';
import { awsClients } from './aws.mjs';

/** Plays the story in a tab whose app has been configured. The pool's people sign in with their e-mail address. */
export async function playInBrowser(tab, server, project, email) {
  const password = 'Analytical-Engine-1843';
  const guest = await session(tab);
  assert.match(guest.identityId, /^us-east-1:/);
  const first = await recorded(tab, 'app.opened');

  const signUp = await tab.evaluate((r) => window.app.auth.signUp(r), {
    username: email, password, options: { userAttributes: { email, 'custom:display_name': 'Ada' } },
  });
  assert.equal(signUp.nextStep.signUpStep, 'CONFIRM_SIGN_UP');
  const confirmationCode = await server.code(email);
  const confirm = await tab.evaluate((r) => window.app.auth.confirmSignUp(r), { username: email, confirmationCode });
  assert.equal(confirm.nextStep.signUpStep, 'DONE');

  const wrong = await tab.evaluate((r) => window.app.auth.signIn(r).catch((e) => ({ name: e.name, message: e.message })), { username: email, password: `${password}!` });
  assert.deepEqual(wrong, { name: 'NotAuthorizedException', message: 'Incorrect username or password.' });
  const signIn = await tab.evaluate((r) => window.app.auth.signIn(r), { username: email, password });
  assert.equal(signIn.isSignedIn, true);
  const user = await session(tab);
  assert.equal(user.identityId, guest.identityId);
  const attributes = await tab.evaluate(() => window.app.auth.fetchUserAttributes());
  assert.deepEqual(attributes, { sub: user.sub, email, email_verified: 'true', 'custom:display_name': 'Ada' });

  await tab.evaluate((r) => window.app.analytics.identifyUser(r), {
    userId: user.sub, userProfile: { name: 'Ada Lovelace', plan: 'gold', metrics: { score: 18.43 }, location: { city: 'London', country: 'GB' } },
  });
  const endpointId = await recorded(tab, 'order.placed');
  assert.equal(endpointId, first);
  const { EndpointResponse: stored } = await awsClients(server).audience.send(new GetEndpointCommand({ ApplicationId: project.appId, EndpointId: endpointId }));
  assert.deepEqual(stored.Attributes, { name: ['Ada Lovelace'], plan: ['gold'] });
  assert.deepEqual(stored.Metrics, { score: 18.43 });
  assert.equal(stored.User.UserId, user.sub);
  assert.equal(stored.Demographic.Model, 'Chrome'); // Amplify asked the browser
}

/** Records an event in the page, waits until the server has accepted it, and returns the endpoint's id. */
export async function recorded(tab, name) {
  const [answer] = await Promise.all([
    tab.waitForResponse((r) => r.request().method() === 'POST' && (r.request().postData() ?? '').includes(`"EventType":"${name}"`)),
    tab.evaluate((event) => { window.app.analytics.record(event); window.app.analytics.flushEvents(); }, { name }),
  ]);
  assert.equal(answer.status(), 202);
  const [[endpointId, result]] = Object.entries((await answer.json()).Results);
  assert.deepEqual(Object.values(result.EventsItemResponse), [{ StatusCode: 202, Message: 'Accepted' }]);
  return endpointId;
}

const session = (tab) => tab.evaluate(async () => {
  const { identityId, userSub } = await window.app.auth.fetchAuthSession();
  return { identityId, sub: userSub };
});
