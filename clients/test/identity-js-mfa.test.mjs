// amazon-cognito-identity-js in Node: second factors, and a password that must be replaced.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { AdminCreateUserCommand, SetUserPoolMfaConfigCommand } from '@aws-sdk/client-cognito-identity-provider';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { awsClients } from '../lib/aws.mjs';
import { answered, done, newSecret, next } from '../lib/identity.mjs';
import { appsAndTexts, appsOnly } from '../lib/mfa.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { authenticatorApp } from '../lib/totp.mjs';

const ada = { Username: 'ada', Password: 'Analytical-Engine-1843', email: 'ada@example.com' };
const grace = { Username: 'grace', Password: 'Compiler-A0-1952!', email: 'grace@example.com', phone: '+12025550143' };

const test = useServer({
  project: { pool: { Schema: [{ Name: 'name', AttributeDataType: 'String', Mutable: true, Required: true }] }, mfa: appsOnly('ON') },
});
const { step } = test;
let pool, user, phone;

const admin = (command) => awsClients(test.server).users.send(command);
const attributesOf = (list) => Object.entries(list).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
const signIn = ({ Username, Password }) => {
  user = new CognitoUser({ Username, Pool: pool });
  return next((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password }), callbacks));
};
const sendCode = (code, type) => next((callbacks) => user.sendMFACode(code, callbacks, type));

describe('amazon-cognito-identity-js in Node: second factors', () => {
  step('mfaSetup: an authenticator app is set up while signing in', async () => {
    const { userPoolId: UserPoolId, clientId: ClientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: test.server.url });
    const { user: signedUp } = await done((callback) => pool.signUp(ada.Username, ada.Password, attributesOf({ email: ada.email, name: 'Ada' }), null, callback));
    const code = await test.server.code(ada.email);
    await done((callback) => signedUp.confirmRegistration(code, true, callback));
    const { step: what, parameters } = await signIn(ada);
    assert.equal(what, 'mfaSetup');
    assert.deepEqual(JSON.parse(parameters.MFAS_CAN_SETUP), ['SOFTWARE_TOKEN_MFA']);
    phone = authenticatorApp(await newSecret(user));
    const session = await answered((callbacks) => user.verifySoftwareToken(phone.code(), 'Ada\'s phone', callbacks));
    assert.equal(session.getIdToken().payload.name, 'Ada');
  });

  step('totpRequired: its codes are asked for from then on', async () => {
    const { step: what, challengeName, parameters } = await signIn(ada);
    assert.deepEqual([what, challengeName, parameters.FRIENDLY_DEVICE_NAME], ['totpRequired', 'SOFTWARE_TOKEN_MFA', 'Ada\'s phone']);
    await assert.rejects(sendCode(phone.oldCode(), 'SOFTWARE_TOKEN_MFA'), named('CodeMismatchException'));
    const { session } = await sendCode(phone.code(), 'SOFTWARE_TOKEN_MFA');
    assert.ok(session.isValid());
  });

  step('newPasswordRequired: somebody whom the owner made chooses a password and says what is missing', async () => {
    await admin(new SetUserPoolMfaConfigCommand({ UserPoolId: test.project.userPoolId, ...appsAndTexts('OPTIONAL') }));
    await admin(new AdminCreateUserCommand({
      UserPoolId: test.project.userPoolId, Username: grace.Username, TemporaryPassword: 'Temporary-1906!', MessageAction: 'SUPPRESS',
      UserAttributes: attributesOf({ email: grace.email, email_verified: 'true', phone_number: grace.phone, phone_number_verified: 'true' }),
    }));
    const { step: what, attributes, required } = await signIn({ ...grace, Password: 'Temporary-1906!' });
    assert.deepEqual([what, required], ['newPasswordRequired', ['name']]);
    assert.equal(attributes.email, grace.email);
    const complete = (password, missing) => next((callbacks) => user.completeNewPasswordChallenge(password, missing, callbacks));
    await assert.rejects(complete(grace.Password, {}), named('InvalidParameterException'));
    await assert.rejects(complete('short', { name: 'Grace' }), named('InvalidPasswordException'));
    const { session } = await complete(grace.Password, { name: 'Grace' });
    assert.equal(session.getIdToken().payload.name, 'Grace');
  });

  step('enableMFA: codes come by text message', async () => {
    assert.equal(await done((callback) => user.enableMFA(callback)), 'SUCCESS');
    assert.deepEqual(await done((callback) => user.getMFAOptions(callback)), [{ DeliveryMedium: 'SMS', AttributeName: 'phone_number' }]);
    const { step: what, challengeName, parameters } = await signIn(grace);
    assert.deepEqual([what, challengeName], ['mfaRequired', 'SMS_MFA']);
    assert.deepEqual([parameters.CODE_DELIVERY_DELIVERY_MEDIUM, parameters.CODE_DELIVERY_DESTINATION], ['SMS', '+*******0143']);
    const code = await test.server.code(grace.phone);
    await assert.rejects(sendCode(String((Number(code) + 1) % 1_000_000).padStart(6, '0')), named('CodeMismatchException'));
    assert.equal((await sendCode(code)).step, 'onSuccess');
  });

  step('disableMFA: the password is enough again', async () => {
    assert.equal(await done((callback) => user.disableMFA(callback)), 'SUCCESS');
    assert.equal((await signIn(grace)).step, 'onSuccess');
    assert.equal(await done((callback) => user.getMFAOptions(callback)), undefined);
  });

  step('an authenticator app is set up by somebody who is signed in', async () => {
    phone = authenticatorApp(await newSecret(user));
    await assert.rejects(answered((callbacks) => user.verifySoftwareToken(phone.oldCode(), 'Grace\'s phone', callbacks)), named('EnableSoftwareTokenMFAException'));
    const { Status } = await answered((callbacks) => user.verifySoftwareToken(phone.code(), 'Grace\'s phone', callbacks));
    assert.equal(Status, 'SUCCESS');
    assert.equal((await signIn(grace)).step, 'onSuccess'); // it is not yet activated
  });

  step('setUserMfaPreference for two factors without a preference: selectMFAType', async () => {
    const enabled = { Enabled: true, PreferredMfa: false };
    assert.equal(await done((callback) => user.setUserMfaPreference(enabled, enabled, callback)), 'SUCCESS');
    const { UserMFASettingList: list, PreferredMfaSetting: preferred } = await done((callback) => user.getUserData(callback, { bypassCache: true }));
    assert.deepEqual([list, preferred], [['SMS_MFA', 'SOFTWARE_TOKEN_MFA'], undefined]);
    await select('SMS_MFA', 'mfaRequired');
    assert.equal((await sendCode(await test.server.code(grace.phone, { after: phone.texted }))).step, 'onSuccess');
    await select('SOFTWARE_TOKEN_MFA', 'totpRequired');
    assert.equal((await sendCode(phone.code(), 'SOFTWARE_TOKEN_MFA')).step, 'onSuccess');
  });

  step('a preferred factor is asked for at once', async () => {
    await done((callback) => user.setUserMfaPreference(null, { Enabled: true, PreferredMfa: true }, callback));
    assert.equal((await signIn(grace)).step, 'totpRequired');
  });
});

// Signs Grace in as far as the choice among her factors, and chooses.
async function select(factor, asks) {
  phone.texted = await test.server.lastCode(grace.phone);
  const { step: what, parameters } = await signIn(grace);
  assert.equal(what, 'selectMFAType');
  assert.deepEqual(JSON.parse(parameters.MFAS_CAN_CHOOSE), ['SMS_MFA', 'SOFTWARE_TOKEN_MFA']);
  const { step: then, challengeName } = await next((callbacks) => user.sendMFASelectionAnswer(factor, callbacks));
  assert.deepEqual([then, challengeName], [asks, factor]);
}
