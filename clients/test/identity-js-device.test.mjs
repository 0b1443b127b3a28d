// amazon-cognito-identity-js in Node: devices. The pool remembers a device when its user says so, and then asks it for no
// second factor.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { AdminForgetDeviceCommand } from '@aws-sdk/client-cognito-identity-provider';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { awsClients } from '../lib/aws.mjs';
import { answered, done, next } from '../lib/identity.mjs';
import { appsAndTexts } from '../lib/mfa.mjs';
import { useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const Username = 'ada';
const Password = 'Analytical-Engine-1843';
const email = 'ada@example.com';
const phone = '+12025550143';

const tap = tapFetch();
const test = useServer({
  project: {
    pool: { DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true } },
    mfa: appsAndTexts('OPTIONAL'),
  },
});
const { step } = test;
let pool, user, key;

// Signs in with a new object, as a program does that was started again; the device's secret is in the library's storage.
const signIn = async (flow) => {
  user = new CognitoUser({ Username, Pool: pool });
  if (flow) user.setAuthenticationFlowType(flow);
  tap.calls.length = 0;
  return next((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password }), callbacks));
};
const devices = async () => (await answered((callbacks) => user.listDevices(10, null, callbacks))).Devices;
const challenges = () => tap.calls.map((call) => call.answer.ChallengeName).filter(Boolean);

describe('amazon-cognito-identity-js in Node: devices', () => {
  step('the first sign-in confirms the device, and says that the user is to be asked about it', async () => {
    const { userPoolId: UserPoolId, clientId: ClientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: test.server.url });
    const attributes = Object.entries({ email, phone_number: phone }).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
    const { user: signedUp } = await done((callback) => pool.signUp(Username, Password, attributes, null, callback));
    const code = await test.server.code(email);
    await done((callback) => signedUp.confirmRegistration(code, true, callback));
    const { step: what, promptForDevice } = await signIn();
    assert.deepEqual([what, promptForDevice], ['onSuccess', true]);
    assert.deepEqual(tap.calls.map((call) => call.target), ['InitiateAuth', 'RespondToAuthChallenge', 'ConfirmDevice']);
    assert.deepEqual(await devices(), []);
  });

  step('setDeviceStatusRemembered, getDevice, listDevices', async () => {
    assert.equal(await answered((callbacks) => user.setDeviceStatusRemembered(callbacks)), 'SUCCESS');
    const { Device } = await answered((callbacks) => user.getDevice(callbacks));
    const [listed, ...others] = await devices();
    assert.deepEqual([listed, others], [Device, []]);
    const attributes = Object.fromEntries(Device.DeviceAttributes.map(({ Name, Value }) => [Name, Value]));
    assert.equal(attributes['dev:device_remembered_status'], 'remembered');
    key = Device.DeviceKey;
    const cached = new CognitoUser({ Username, Pool: pool });
    cached.getCachedDeviceKeyAndPassword();
    assert.equal(cached.deviceKey, key);
  });

  for (const flow of ['USER_SRP_AUTH', 'USER_PASSWORD_AUTH']) {
    step(`the remembered device needs no second factor, by ${flow}`, async () => {
      await done((callback) => user.setUserMfaPreference({ Enabled: true, PreferredMfa: true }, null, callback));
      user.signOut();
      const { step: what, session, promptForDevice } = await signIn(flow);
      assert.deepEqual([what, promptForDevice], ['onSuccess', undefined]);
      assert.deepEqual(challenges().filter((name) => name !== 'PASSWORD_VERIFIER'), ['DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER']);
      assert.equal(session.getAccessToken().payload.device_key, key);
    });
  }

  step('refreshSession sends the device along', async () => {
    const renewed = await done((callback) => user.refreshSession(user.getSignInUserSession().getRefreshToken(), callback));
    assert.equal(tap.calls.at(-1).request.AuthParameters.DEVICE_KEY, key);
    assert.equal(renewed.getAccessToken().payload.device_key, key);
  });

  step('setDeviceStatusNotRemembered: the second factor is asked for again', async () => {
    assert.equal(await answered((callbacks) => user.setDeviceStatusNotRemembered(callbacks)), 'SUCCESS');
    await signInByText();
  });

  step('an administrator forgets the device: the library starts again without its secret', async () => {
    await answered((callbacks) => user.setDeviceStatusRemembered(callbacks));
    const [{ DeviceKey }] = await devices();
    await awsClients(test.server).users.send(new AdminForgetDeviceCommand({ UserPoolId: test.project.userPoolId, Username, DeviceKey }));
    const { refused } = await signInByText();
    assert.deepEqual(refused, ['ResourceNotFoundException']);
    assert.deepEqual(await devices(), []);
  });

  step('forgetDevice', async () => {
    await answered((callbacks) => user.setDeviceStatusRemembered(callbacks));
    assert.equal((await devices()).length, 1);
    assert.equal(await answered((callbacks) => user.forgetDevice(callbacks)), 'SUCCESS');
    assert.deepEqual(await devices(), []);
    const { refused } = await signInByText();
    assert.deepEqual(refused, []); // the library has forgotten it too
  });
});

// Signs in by password and text message, which must be asked for. Returns what the server refused on the way.
async function signInByText() {
  const texted = await test.server.lastCode(phone);
  assert.equal((await signIn()).step, 'mfaRequired');
  const refused = tap.calls.filter((call) => call.status !== 200).map((call) => call.answer.__type.split('#').at(-1));
  const code = await test.server.code(phone, { after: texted });
  assert.equal((await next((callbacks) => user.sendMFACode(code, callbacks))).step, 'onSuccess');
  return { refused };
}
