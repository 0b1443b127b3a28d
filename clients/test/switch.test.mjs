// The switch alone: which requests it leads to the server, and which it leaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { after, before, describe, it } from 'node:test';
import { configure, pointAt } from '../js/pintail.js';

// Answers with what was asked of it.
const echo = http.createServer(async (request, response) => {
  const body = (await request.toArray()).join('');
  response.end(JSON.stringify({ line: `${request.method} ${request.url}`, body, signed: request.headers.authorization }));
});
const ask = async (...request) => (await fetch(...request)).json();
const signed = { method: 'PUT', body: '{"a":1}', headers: { authorization: 'AWS4-HMAC-SHA256 ...' } };
const led = (line) => ({ line: `PUT ${line}`, body: signed.body, signed: signed.headers.authorization });
let url;

describe('the switch', () => {
  before(async () => {
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    url = `http://127.0.0.1:${echo.address().port}`;
    pointAt(`${url}/`);
  });
  after(() => echo.close());

  for (const [kind, input] of [
    ['a string', (u) => [u, signed]], ['a URL', (u) => [new URL(u), signed]], ['a Request', (u) => [new Request(u, signed)]],
  ]) {
    it(`leads ${kind} for Pinpoint to the server, path, query, body and signature as they were`, async () => {
      assert.deepEqual(await ask(...input('https://pinpoint.us-east-1.amazonaws.com/v1/apps/a%2Fb?x=%20y')), led('/v1/apps/a%2Fb?x=%20y'));
      assert.deepEqual(await ask(...input('https://pinpoint.cn-north-1.amazonaws.com.cn/v1/apps')), led('/v1/apps'));
    });
  }

  it('leads the routes of customer profiles below an app\'s id to the server', async () => {
    const app = '0123456789abcdef0123456789abcdef';
    for (const route of ['identify-user', 'register-device', 'remove-device']) {
      assert.deepEqual(await ask(`https://pintail.execute-api.us-east-1.amazonaws.com/${app}/${route}`, signed), led(`/${app}/${route}`));
    }
    for (const other of [`/${app}/orders`, `/prod/identify-user`, `/${app}/identify-user/x`]) {
      await assert.rejects(fetch(`https://pintail.execute-api.nowhere-1.amazonaws.com${other}`));
    }
  });

  it('leaves every other request alone', async () => {
    assert.deepEqual(await ask(`${url}/other?https://pinpoint.us-east-1.amazonaws.com/v1/apps`, signed), led('/other?https://pinpoint.us-east-1.amazonaws.com/v1/apps'));
    await assert.rejects(fetch('https://pinpoint.us-east-1.amazonaws.com.invalid/v1/apps'));
  });

  it('keeps a path before the server\'s, and follows when it is pointed elsewhere', async () => {
    pointAt(`${url}/pintail/`);
    assert.equal((await ask('https://pinpoint.eu-west-1.amazonaws.com/v1/apps')).line, 'GET /pintail/v1/apps');
    pointAt(url);
    assert.equal((await ask('https://pinpoint.eu-west-1.amazonaws.com/v1/apps')).line, 'GET /v1/apps');
  });

  it('sets both Cognito endpoints and keeps the rest of the configuration', () => {
    const config = Object.freeze({ Auth: Object.freeze({ Cognito: Object.freeze({ userPoolId: 'p' }) }), Analytics: { Pinpoint: { appId: 'a' } } });
    assert.deepEqual(configure(config, `${url}/`), {
      Auth: { Cognito: { userPoolId: 'p', userPoolEndpoint: url, identityPoolEndpoint: url } }, Analytics: { Pinpoint: { appId: 'a' } },
    });
    assert.deepEqual(configure({ Analytics: {} }, url), { Analytics: {} });
  });

  it('says what to do when the configuration was not parsed, or the address is none', () => {
    assert.throws(() => configure({ version: '1.3', auth: {} }, url), /parseAmplifyConfig/);
    assert.throws(() => configure({ aws_project_region: 'us-east-1' }, url), /parseAmplifyConfig/);
    assert.throws(() => pointAt('pintail.example.org'), /Invalid URL/);
  });
});
