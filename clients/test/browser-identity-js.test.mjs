// amazon-cognito-identity-js in Chromium: sign-up, sign-in, an authenticator app, a remembered device.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { GetUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp } from '../lib/browser.mjs';
import { appsOnly } from '../lib/mfa.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { authenticatorApp } from '../lib/totp.mjs';

const Username = 'ada';
const Password = 'Analytical-Engine-1843';
const email = 'ada@example.com';

describe('amazon-cognito-identity-js in Chromium', { skip: browser.skip }, () => {
  let app, sub, phone;
  after(() => app?.close());
  const test = useServer({
    project: {
      pool: { DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true } }, mfa: appsOnly('OPTIONAL'),
    },
  });
  const { step } = test;
  const signIn = (password = Password) => app.tab.evaluate(signInWithPassword, [Username, password]);

  step('signUp and confirmRegistration', async () => {
    app = await openApp({ app: 'identity.js' });
    await app.tab.evaluate(openPool, [test.project.userPoolId, test.project.clientId, test.server.url]);
    const result = await app.tab.evaluate(async (account) => {
      const { CognitoUser, CognitoUserAttribute, done } = window.identity;
      const attributes = Object.entries({ email: account.email, 'custom:display_name': 'Ada' }).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
      const { userConfirmed, userSub } = await done((callback) => window.pool.signUp(account.Username, account.Password, attributes, null, callback));
      window.user = new CognitoUser({ Username: account.Username, Pool: window.pool });
      return { userConfirmed, userSub };
    }, { Username, Password, email });
    assert.equal(result.userConfirmed, false);
    sub = result.userSub;
    const confirmed = await app.tab.evaluate((code) => window.identity.done((callback) => window.user.confirmRegistration(code, true, callback)), await test.server.code(email));
    assert.equal(confirmed, 'SUCCESS');
  });

  step('authenticateUser by SRP, from a page of another origin', async () => {
    assert.deepEqual(await signIn(`${Password}!`), { error: 'NotAuthorizedException: Incorrect username or password.' });
    const { step: what, claims } = await signIn();
    assert.equal(what, 'onSuccess');
    assert.deepEqual([claims.sub, claims['custom:display_name']], [sub, 'Ada']);
    assert.ok(app.preflights.every((url) => url.host === new URL(test.server.url).host) && app.preflights.length > 0);
  });

  step('an authenticator app becomes the second factor', async () => {
    phone = authenticatorApp(await app.tab.evaluate(() => window.identity.newSecret(window.user)));
    await app.tab.evaluate(async (code) => {
      const { answered, done } = window.identity;
      await answered((callbacks) => window.user.verifySoftwareToken(code, 'Ada\'s phone', callbacks));
      await done((callback) => window.user.setUserMfaPreference(null, { Enabled: true, PreferredMfa: true }, callback));
      window.user.signOut();
    }, phone.code());
    assert.equal((await signIn()).step, 'totpRequired');
    const { step: what, promptForDevice } = await app.tab.evaluate(async (code) => {
      const { step: happened, promptForDevice: prompt } = await window.identity.next((callbacks) => window.user.sendMFACode(code, callbacks, 'SOFTWARE_TOKEN_MFA'));
      return { step: happened, promptForDevice: prompt };
    }, phone.code());
    assert.deepEqual([what, promptForDevice], ['onSuccess', true]);
  });

  step('a page that is loaded again still has the session', async () => {
    await app.tab.reload();
    await app.tab.evaluate(openPool, [test.project.userPoolId, test.project.clientId, test.server.url]);
    const known = await app.tab.evaluate(async () => {
      const { done } = window.identity;
      window.user = window.pool.getCurrentUser();
      await done((callback) => window.user.getSession(callback));
      const attributes = await done((callback) => window.user.getUserAttributes(callback));
      return attributes.find((attribute) => attribute.getName() === 'email').getValue();
    });
    assert.equal(known, email);
  });

  step('the browser is remembered, and needs no second factor', async () => {
    const devices = await app.tab.evaluate(async () => {
      const { answered } = window.identity;
      window.user.getCachedDeviceKeyAndPassword(); // the page was loaded anew
      await answered((callbacks) => window.user.setDeviceStatusRemembered(callbacks));
      const { Devices } = await answered((callbacks) => window.user.listDevices(10, null, callbacks));
      window.user.signOut();
      return Devices;
    });
    assert.equal(devices.length, 1);
    const challenges = await app.challenges(async () => assert.equal((await signIn()).step, 'onSuccess'));
    assert.deepEqual(challenges, ['PASSWORD_VERIFIER', 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', undefined]);
  });

  step('globalSignOut', async () => {
    const AccessToken = await app.tab.evaluate(() => window.user.getSignInUserSession().getAccessToken().getJwtToken());
    assert.equal(await app.tab.evaluate(() => window.identity.answered((callbacks) => window.user.globalSignOut(callbacks))), 'SUCCESS');
    assert.equal(await app.tab.evaluate(() => window.pool.getCurrentUser()), null);
    await assert.rejects(awsClients(test.server).users.send(new GetUserCommand({ AccessToken })), named('NotAuthorizedException', 'Access Token has been revoked'));
  });
});

// These run in the page.
function openPool([UserPoolId, ClientId, endpoint]) {
  window.pool = new window.identity.CognitoUserPool({ UserPoolId, ClientId, endpoint });
}

async function signInWithPassword([Username, Password]) {
  const { AuthenticationDetails, CognitoUser, next } = window.identity;
  window.user = new CognitoUser({ Username, Pool: window.pool });
  try {
    const { step, session } = await next((callbacks) => window.user.authenticateUser(new AuthenticationDetails({ Username, Password }), callbacks));
    return { step, claims: session?.getIdToken().payload };
  } catch (error) {
    return { error: `${error.code}: ${error.message}` };
  }
}
