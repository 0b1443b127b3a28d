// aws-amplify in Chromium: devices. The pool remembers a device when its user says so, and then asks it for no second
// factor. Until then it is another device after every sign-in, which only the owner sees.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { AdminForgetDeviceCommand, AdminListDevicesCommand, AdminUpdateUserAttributesCommand, UpdateUserPoolCommand } from '@aws-sdk/client-cognito-identity-provider';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp } from '../lib/browser.mjs';
import { appsAndTexts } from '../lib/mfa.mjs';
import { named, useServer } from '../lib/testing.mjs';

const ada = { username: 'ada', password: 'Analytical-Engine-1843' };
const email = 'ada@example.com';
const phone = '+12025550143';

describe('aws-amplify in Chromium: devices', { skip: browser.skip }, () => {
  let app, other, device;
  after(() => Promise.all([app?.close(), other?.close()]));
  const test = useServer({
    project: {
      pool: { DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true } },
      mfa: appsAndTexts('OPTIONAL'),
    },
  });
  const { step } = test;
  const admin = (command) => awsClients(test.server).users.send(command);
  const signedIn = { isSignedIn: true, nextStep: { signInStep: 'DONE' } };

  step('the first sign-in makes the browser known to the owner', async () => {
    app = await openApp();
    const { auth } = app;
    await app.configure(test.project.outputs, test.server.url);
    await auth.signUp({ ...ada, options: { userAttributes: { email, phone_number: phone }, autoSignIn: true } });
    const { nextStep } = await auth.confirmSignUp({ username: ada.username, confirmationCode: await test.server.code(email) });
    assert.equal(nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
    assert.deepEqual(await auth.autoSignIn(), signedIn); // by the password, which Amplify has kept
    const { Devices: [known] } = await admin(new AdminListDevicesCommand({ UserPoolId: test.project.userPoolId, Username: ada.username }));
    const attributes = Object.fromEntries(known.DeviceAttributes.map(({ Name, Value }) => [Name, Value]));
    assert.match(attributes.device_name, /Chromium/);
    assert.equal(attributes['dev:device_remembered_status'], 'not_remembered');
    assert.deepEqual(await app.auth.fetchDevices(), []);
  });

  step('known is not remembered: the second factor is asked for', async () => {
    await admin(new AdminUpdateUserAttributesCommand({
      UserPoolId: test.project.userPoolId, Username: ada.username, UserAttributes: [{ Name: 'phone_number_verified', Value: 'true' }],
    }));
    await app.auth.updateMFAPreference({ sms: 'PREFERRED' });
    await app.auth.signOut();
    await signInByText(app);
  });

  step('rememberDevice: the browser\'s own secret stands for the second factor', async () => {
    await app.auth.rememberDevice();
    [device] = await devices(app, 1);
    assert.match(device.id, /^us-east-1_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    const { device_status: status, last_ip_used: address } = device.attributes;
    assert.deepEqual({ status, address }, { status: 'valid', address: '127.0.0.1' });
    assert.ok(Math.abs(Date.now() - new Date(device.createDate)) < 60_000, device.createDate);
    await app.auth.signOut();
    const challenges = await app.challenges(async () => assert.deepEqual(await app.auth.signIn(ada), signedIn));
    assert.deepEqual(challenges, ['PASSWORD_VERIFIER', 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', undefined]);
    const [used] = await devices(app, 1);
    assert.equal(used.id, device.id);
    assert.ok(new Date(used.lastAuthenticatedDate) > new Date(device.lastAuthenticatedDate), 'the sign-in was not noted');
  });

  step('tokens are refreshed with the device, and a page that is loaded anew still has it', async () => {
    const before = (await app.auth.fetchAuthSession()).tokens.accessToken.payload;
    await app.tab.reload();
    await app.configure(test.project.outputs, test.server.url);
    const { tokens } = await app.auth.fetchAuthSession({ forceRefresh: true });
    assert.notEqual(tokens.accessToken.payload.jti, before.jti);
    await app.auth.signOut();
    assert.deepEqual(await app.auth.signIn(ada), signedIn);
  });

  step('the password is needed all the same', async () => {
    await app.auth.signOut();
    await assert.rejects(app.auth.signIn({ ...ada, password: `${ada.password}!` }), named('NotAuthorizedException', 'Incorrect username or password.'));
    assert.deepEqual(await app.auth.signIn(ada), signedIn);
  });

  step('another browser has no such secret, and becomes a device of its own', async () => {
    other = await openApp();
    await other.configure(test.project.outputs, test.server.url);
    await signInByText(other);
    await devices(app, 1);
    await other.auth.rememberDevice();
    assert.ok((await devices(app, 2)).some(({ id }) => id === device.id));
    await other.auth.signOut();
    assert.deepEqual(await other.auth.signIn(ada), signedIn);
  });

  step('forgetDevice of the other browser, from this one', async () => {
    const [{ id }] = (await devices(app, 2)).filter((d) => d.id !== device.id);
    await app.auth.forgetDevice({ device: { id } });
    await other.auth.signOut();
    await signInByText(other);
    assert.deepEqual((await devices(app, 1)).map((d) => d.id), [device.id]);
  });

  step('an administrator forgets this one: it starts again without its secret', async () => {
    await admin(new AdminForgetDeviceCommand({ UserPoolId: test.project.userPoolId, Username: ada.username, DeviceKey: device.id }));
    await app.auth.signOut();
    await signInByText(app);
    await devices(app, 0);
  });

  step('forgetDevice of this browser', async () => {
    await app.auth.rememberDevice();
    await devices(app, 1);
    await app.auth.forgetDevice();
    await devices(app, 0);
    await app.auth.signOut();
    await signInByText(app);
  });

  step('where devices are remembered always and replace nothing, the second factor comes first, then the device', async () => {
    await admin(new UpdateUserPoolCommand({
      UserPoolId: test.project.userPoolId, AutoVerifiedAttributes: ['email'], ...appsAndTexts('OPTIONAL').SmsMfaConfiguration,
      MfaConfiguration: 'OPTIONAL', DeviceConfiguration: { ChallengeRequiredOnNewDevice: false, DeviceOnlyRememberedOnUserPrompt: false },
    }));
    await app.auth.signOut();
    await signInByText(app);
    await devices(app, 1);
    await app.auth.signOut();
    const challenges = await app.challenges(() => signInByText(app));
    assert.deepEqual(challenges, ['PASSWORD_VERIFIER', 'SMS_MFA', 'DEVICE_SRP_AUTH', 'DEVICE_PASSWORD_VERIFIER', undefined]);
    await devices(app, 1);
  });

  // The user's devices, of which there are so many.
  async function devices({ auth }, count) {
    const list = await auth.fetchDevices();
    assert.equal(list.length, count, JSON.stringify(list));
    return list;
  }

  // Signs in by password and text message, which must be asked for.
  async function signInByText({ auth }) {
    const sent = await test.server.lastCode(phone);
    const { nextStep } = await auth.signIn(ada);
    assert.deepEqual(nextStep, { signInStep: 'CONFIRM_SIGN_IN_WITH_SMS_CODE', codeDeliveryDetails: { destination: '+*******0143', deliveryMedium: 'SMS' } });
    assert.deepEqual(await auth.confirmSignIn({ challengeResponse: await test.server.code(phone, { after: sent }) }), signedIn);
  }
});
