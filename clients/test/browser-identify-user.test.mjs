// aws-amplify in Chromium: what identifyUser says in the categories analytics and in-app messaging, and to customer profiles,
// read back by the owner.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp } from '../lib/browser.mjs';
import { assertStored, everything, everythingStored, notifications, readEndpoint } from '../lib/identify.mjs';
import { useServer } from '../lib/testing.mjs';

describe('aws-amplify in Chromium: identifyUser', { skip: browser.skip }, () => {
  let app, owner, guest;
  after(() => app?.close());
  const test = useServer();

  // Runs identifyUser of a category in the page and returns the endpoint that it updated, as the owner then sees it.
  async function identified(category, input) {
    const [answer] = await Promise.all([
      app.tab.waitForResponse((r) => r.request().method() === 'PUT'),
      app.tab.evaluate(([name, said]) => window.app[name].identifyUser(said), [category, input]),
    ]);
    assert.equal(answer.status(), 202);
    return readEndpoint(owner, test.project.appId, new URL(answer.url()).pathname.split('/').at(-1));
  }

  test.step('in analytics, with every field', async () => {
    owner = awsClients(test.server);
    app = await openApp();
    const { outputs, ...project } = test.project;
    await app.configure({ ...outputs, notifications: notifications(project, test.server.region) }, test.server.url);
    const stored = await identified('analytics', { userId: 'ada', ...everything });
    assertStored(stored, { ...everythingStored, User: { UserId: 'ada', UserAttributes: everything.options.userAttributes }, OptOut: 'NONE' });
  });

  test.step('in in-app messaging, with every field', async () => {
    await app.tab.evaluate(() => window.app.inApp.initializeInAppMessaging());
    const options = { address: 'ada@example.com', optOut: 'ALL', userAttributes: { team: ['blue'] } };
    const stored = await identified('inApp', { userId: 'ada', userProfile: everything.userProfile, options });
    assertStored(stored, {
      ...everythingStored, User: { UserId: 'ada', UserAttributes: { ...everything.options.userAttributes, team: ['blue'] } },
      ChannelType: 'IN_APP', Address: 'ada@example.com', OptOut: 'ALL',
    });
  });

  test.step('what the app does not say is what the browser tells of itself', async () => {
    await app.tab.evaluate(() => localStorage.clear());
    await app.tab.reload();
    const { outputs, ...project } = test.project;
    await app.configure({ ...outputs, notifications: notifications(project, test.server.region) }, test.server.url);
    const stored = await identified('analytics', { userId: 'eve', userProfile: { demographic: { make: 'Acme' } } });
    guest = await app.tab.evaluate(async () => (await window.app.auth.fetchAuthSession()).identityId);
    assert.equal(stored.Demographic.Make, 'Acme');
    assert.equal(stored.Demographic.Model, 'Chrome');
    assert.deepEqual(stored.User, { UserId: 'eve' });
  });

  test.step('to customer profiles, after the browser asked', async () => {
    app.preflights.length = 0;
    await app.tab.evaluate((input) => window.app.profiles.identifyUser(input), {
      userProfile: { email: 'eve@example.com', name: 'Eve', location: { city: 'Lyon' }, customAttributes: { plan: 'gold' } },
    });
    assert.deepEqual(app.preflights.map((url) => url.pathname), [`/${test.project.appId}/identify-user`]);
    assertStored(await readEndpoint(owner, test.project.appId, guest), {
      User: { UserId: guest, UserAttributes: { email: ['eve@example.com'], name: ['Eve'], plan: ['gold'] } }, Location: { City: 'Lyon' },
    });
  });
});
