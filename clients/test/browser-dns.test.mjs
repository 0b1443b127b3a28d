// aws-amplify in Chromium with nothing but its amplify_outputs.json: Amazon's
// names lead to the server by DNS and TLS. And the region trick, which brings
// Pinpoint's requests to a name of one's own by configuration alone.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp, selfSigned } from '../lib/browser.mjs';
import { playInBrowser, recorded } from '../lib/browserstory.mjs';
import { assertStored, readEndpoint } from '../lib/identify.mjs';
import { useServer } from '../lib/testing.mjs';

describe('aws-amplify in Chromium, by DNS and TLS', { skip: browser.skip }, () => {
  let app, tls;
  after(() => app?.close());
  const test = useServer({
    project: { usernameAttributes: ['email'] },
    tls: async () => (tls = await selfSigned('*.us-east-1.amazonaws.com', 'pinpoint.us-east-1.pintail.test')),
  });
  after(() => tls?.remove());

  test.step('the whole story, with an untouched configuration', async () => {
    const { port } = new URL(test.server.url);
    app = await openApp({ rules: `MAP *.us-east-1.amazonaws.com:443 127.0.0.1:${port}, MAP *.pintail.test 127.0.0.1` });
    await app.tab.evaluate((outputs) => window.app.Amplify.configure(outputs), test.project.outputs);
    await playInBrowser(app.tab, test.server, test.project, 'ada@example.com');
  });

  test.step('every call went to Amazon\'s names', () => {
    assert.deepEqual([...new Set(app.preflights.map((url) => url.host))].sort(),
      ['cognito-identity.us-east-1.amazonaws.com', 'cognito-idp.us-east-1.amazonaws.com', 'pinpoint.us-east-1.amazonaws.com']);
  });

  test.step('customer profiles by an API\'s name, whose stage is the app', async () => {
    const outputs = structuredClone(test.project.outputs);
    outputs.notifications = { amazon_connect: { aws_region: 'us-east-1', endpoint: `https://a1b2c3.execute-api.us-east-1.amazonaws.com/${test.project.appId}/` } };
    await app.tab.evaluate((changed) => window.app.Amplify.configure(changed), outputs);
    await app.tab.evaluate(() => window.app.profiles.identifyUser({ userProfile: { name: 'Ada' } }));
    const identity = await app.tab.evaluate(async () => (await window.app.auth.fetchAuthSession()).identityId);
    assertStored(await readEndpoint(awsClients(test.server), test.project.appId, identity), { User: { UserId: identity, UserAttributes: { name: ['Ada'] } } });
  });

  test.step('a region that ends in a host name brings Pinpoint there', async () => {
    const { port } = new URL(test.server.url);
    const host = `us-east-1.pintail.test:${port}`;
    const outputs = structuredClone(test.project.outputs);
    outputs.analytics.amazon_pinpoint.aws_region = `${host}/`; // Amplify calls https://pinpoint.<region>.amazonaws.com
    await app.tab.reload();
    app.preflights.length = 0;
    await app.tab.evaluate((changed) => window.app.Amplify.configure(changed), outputs);
    await recorded(app.tab, 'region.tricked');
    assert.ok(app.preflights.some((url) => url.host === `pinpoint.${host}` && url.pathname.endsWith('/events')), 'PutEvents went elsewhere');
  });
});
