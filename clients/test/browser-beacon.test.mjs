// The beacon of Amplify before version 6: as a page goes away it tells the server that its session ends, by
// navigator.sendBeacon to a URL that was presigned together with the body. Signed here by the descendant of Amplify's own
// code, with a guest's credentials.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { presignUrl } from '@aws-amplify/core/internals/aws-client-utils';
import { browser, openApp } from '../lib/browser.mjs';
import { useServer } from '../lib/testing.mjs';

const beaconOf = (endpointId) => JSON.stringify({
  BatchItem: { [endpointId]: { Endpoint: {}, Events: { 'e-1': {
    EventType: '_session.stop', Timestamp: new Date().toISOString(),
    Session: { Id: 's-1', Duration: 1200, StartTimestamp: new Date(Date.now() - 1200).toISOString(), StopTimestamp: new Date().toISOString() },
  } } } },
});

describe('the beacon of a page that goes away, in Chromium', { skip: browser.skip }, () => {
  let app, path;
  after(() => app?.close());
  const test = useServer();
  const presigned = (credentials, body) => presignUrl(
    { method: 'POST', url: new URL(path, test.server.url), body },
    { credentials, signingRegion: test.server.region, signingService: 'mobiletargeting' },
  ).href;
  const counted = async () => {
    const { Events } = JSON.parse(await test.server.pintail('status', '--app', test.project.appId, '--json'));
    return Events?.find((e) => e.Type === '_session.stop')?.Count ?? 0;
  };

  const signedIn = async () => {
    await app.configure(test.project.outputs, test.server.url);
    return (await app.auth.fetchAuthSession()).credentials;
  };
  const send = async (url, body) => {
    const [answer] = await Promise.all([
      app.tab.waitForResponse((r) => r.url().includes(path)),
      app.tab.evaluate(([to, text]) => navigator.sendBeacon(to, text), [url, body]),
    ]);
    return answer;
  };

  test.step('it is plain text to a presigned URL, and is recorded', async () => {
    app = await openApp();
    path = `/v1/apps/${test.project.appId}/events/legacy`;
    const body = beaconOf('web-1');
    const answer = await send(presigned(await signedIn(), body), body);
    assert.equal(answer.request().headers()['content-type'], 'text/plain;charset=UTF-8');
    assert.equal(answer.status(), 202);
    assert.equal(await counted(), 1);
  });

  test.step('with another body than was signed nothing is recorded', async () => {
    const answer = await send(presigned(await signedIn(), beaconOf('web-1')), beaconOf('web-2'));
    assert.equal(answer.status(), 403);
    assert.equal(await counted(), 1);
  });

  test.step('it arrives although the page is gone', async () => {
    const body = beaconOf('web-3');
    await app.tab.evaluate(([url, text]) => addEventListener('pagehide', () => navigator.sendBeacon(url, text)), [presigned(await signedIn(), body), body]);
    await app.tab.goto('about:blank');
    for (const deadline = Date.now() + 30_000; await counted() < 2;) assert.ok(Date.now() < deadline, 'the beacon has not arrived'); // nobody sees its answer
  });
});
