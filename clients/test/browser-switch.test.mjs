// aws-amplify in Chromium, pointed at the server by the switch (clients/js):
// plain HTTP, another origin than the page's, so preflights happen.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { browser, openApp } from '../lib/browser.mjs';
import { playInBrowser } from '../lib/browserstory.mjs';
import { useServer } from '../lib/testing.mjs';

describe('aws-amplify in Chromium, by the switch', { skip: browser.skip }, () => {
  let app;
  after(() => app?.close());
  const test = useServer({ project: { usernameAttributes: ['email'] } });

  test.step('the whole story, from a page of another origin', async () => {
    app = await openApp();
    await app.configure(test.project.outputs, test.server.url);
    assert.notEqual(new URL(app.origin).origin, new URL(test.server.url).origin);
    await playInBrowser(app.tab, test.server, test.project, 'ada@example.com');
  });

  test.step('the browser asked first, and was allowed', () => {
    const { host } = new URL(test.server.url);
    const asked = (match) => app.preflights.some((url) => url.host === host && match.test(url.pathname));
    assert.ok(asked(/^\/$/), 'no preflight for Cognito');
    assert.ok(asked(/^\/v1\/apps\/[0-9a-f]{32}\/endpoints\//), 'no preflight for UpdateEndpoint');
    assert.ok(asked(/^\/v1\/apps\/[0-9a-f]{32}\/events$/), 'no preflight for PutEvents');
  });

  test.step('a page that is loaded again is still signed in, with the same identity', async () => {
    const identity = () => app.tab.evaluate(async () => (await window.app.auth.fetchAuthSession()).identityId);
    const before = await identity();
    await app.tab.reload();
    await app.configure(test.project.outputs, test.server.url);
    assert.equal(await identity(), before);
    const { signInDetails } = await app.tab.evaluate(() => window.app.auth.getCurrentUser());
    assert.equal(signInDetails.loginId, 'ada@example.com');
  });

  test.step('an error\'s name and message reach the page', async () => {
    const error = await app.tab.evaluate(() => window.app.auth.resendSignUpCode({ username: 'nobody@example.com' }).then(() => 'no error', (e) => `${e.name}: ${e.message}`));
    assert.match(error, /^UserNotFoundException: .+/);
  });
});
