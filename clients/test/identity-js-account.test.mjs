// amazon-cognito-identity-js in Node: what people do with their account.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { AdminGetUserCommand, GetTokensFromRefreshTokenCommand } from '@aws-sdk/client-cognito-identity-provider';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { awsClients } from '../lib/aws.mjs';
import { answered, done, sent } from '../lib/identity.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const Username = 'grace';
const password = 'Compiler-A0-1952!';
const changed = 'Flow-Matic-1955!';
const forgotten = 'Cobol-Report-1960!';
const email = 'grace@example.com';
const moved = 'hopper@example.com';

const tap = tapFetch();
const test = useServer({ project: { pool: { UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] } } } });
const { step } = test;
let pool, user;

const signIn = (Password) => answered((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password }), callbacks));
const attributes = async () => Object.fromEntries((await done((callback) => user.getUserAttributes(callback))).map((a) => [a.getName(), a.getValue()]));
const attribute = (Name, Value) => new CognitoUserAttribute({ Name, Value });
const wrong = (code) => String((Number(code) + 1) % 1_000_000).padStart(6, '0');

describe('amazon-cognito-identity-js in Node: an account', () => {
  step('resendConfirmationCode sends another code in place of the first', async () => {
    const { userPoolId: UserPoolId, clientId: ClientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: test.server.url });
    await done((callback) => pool.signUp(Username, password, [attribute('email', email), attribute('nickname', 'Amazing Grace')], null, callback));
    user = new CognitoUser({ Username, Pool: pool });
    const first = await test.server.code(email);
    const { CodeDeliveryDetails: details } = await done((callback) => user.resendConfirmationCode(callback));
    assert.deepEqual(details, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'g***@e***' });
    const second = await test.server.code(email, { after: first });
    await assert.rejects(done((callback) => user.confirmRegistration(first, true, callback)), named('CodeMismatchException'));
    assert.equal(await done((callback) => user.confirmRegistration(second, true, callback)), 'SUCCESS');
  });

  step('authenticateUser by USER_PASSWORD_AUTH', async () => {
    user.setAuthenticationFlowType('USER_PASSWORD_AUTH');
    await assert.rejects(signIn(changed), named('NotAuthorizedException', 'Incorrect username or password.'));
    const session = await signIn(password);
    assert.ok(session.isValid());
    assert.deepEqual(tap.calls.findLast((c) => c.target === 'InitiateAuth').request.AuthParameters, { USERNAME: Username, PASSWORD: password });
    user.setAuthenticationFlowType('USER_SRP_AUTH');
  });

  step('getSession of whoever signed in last, as a page that is opened again asks for it', async () => {
    const again = pool.getCurrentUser();
    const session = await done((callback) => again.getSession(callback));
    assert.equal(session.getAccessToken().getJwtToken(), user.getSignInUserSession().getAccessToken().getJwtToken());
    const data = await done((callback) => again.getUserData(callback));
    assert.equal(data.Username, Username);
  });

  step('changePassword wants the old one', async () => {
    await assert.rejects(done((callback) => user.changePassword(changed, password, callback)), named('NotAuthorizedException'));
    await assert.rejects(done((callback) => user.changePassword(password, 'short', callback)), named('InvalidPasswordException'));
    assert.equal(await done((callback) => user.changePassword(password, changed, callback)), 'SUCCESS');
    await assert.rejects(signIn(password), named('NotAuthorizedException', 'Incorrect username or password.'));
    await signIn(changed);
  });

  step('updateAttributes', async () => {
    assert.equal(await done((callback) => user.updateAttributes([attribute('custom:display_name', 'Grace'), attribute('locale', 'en_US')], callback)), 'SUCCESS');
    const { locale, 'custom:display_name': name } = await attributes();
    assert.deepEqual({ locale, name }, { locale: 'en_US', name: 'Grace' });
    await assert.rejects(done((callback) => user.updateAttributes([attribute('custom:shoe_size', '37')], callback)), named('InvalidParameterException'));
  });

  step('a new address waits for its code: updateAttributes, getAttributeVerificationCode, verifyAttribute', async () => {
    await done((callback) => user.updateAttributes([attribute('email', moved)], callback));
    assert.equal((await attributes()).email, email);
    const first = await test.server.code(moved);
    const { CodeDeliveryDetails: details } = await sent((callbacks) => user.getAttributeVerificationCode('email', callbacks));
    assert.deepEqual(details, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'h***@e***' });
    const code = await test.server.code(moved, { after: first });
    await assert.rejects(answered((callbacks) => user.verifyAttribute('email', wrong(code), callbacks)), named('CodeMismatchException'));
    assert.equal(await answered((callbacks) => user.verifyAttribute('email', code, callbacks)), 'SUCCESS');
    const { email: now, email_verified: verified } = await attributes();
    assert.deepEqual({ now, verified }, { now: moved, verified: 'true' });
  });

  step('deleteAttributes', async () => {
    assert.equal(await done((callback) => user.deleteAttributes(['nickname', 'custom:display_name'], callback)), 'SUCCESS');
    const { sub, ...rest } = await attributes();
    assert.deepEqual(rest, { email: moved, email_verified: 'true', locale: 'en_US' });
    await assert.rejects(done((callback) => user.deleteAttributes(['sub'], callback)), named('InvalidParameterException'));
  });

  step('signOut with a callback revokes the refresh token', async () => {
    const RefreshToken = user.getSignInUserSession().getRefreshToken().getToken();
    await done((callback) => user.signOut(callback));
    assert.equal(tap.calls.at(-1).target, 'RevokeToken');
    const { users } = awsClients(test.server);
    await assert.rejects(users.send(new GetTokensFromRefreshTokenCommand({ ClientId: test.project.clientId, RefreshToken })), named('NotAuthorizedException'));
    assert.equal(pool.getCurrentUser(), null);
  });

  step('forgotPassword and confirmPassword', async () => {
    const { CodeDeliveryDetails: details } = await sent((callbacks) => user.forgotPassword(callbacks));
    assert.deepEqual(details, { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: 'h***@e***' });
    const code = await test.server.code(moved);
    const confirm = (given, secret = forgotten) => answered((callbacks) => user.confirmPassword(given, secret, callbacks));
    await assert.rejects(confirm(wrong(code)), named('CodeMismatchException'));
    await assert.rejects(confirm(code, 'short'), named('InvalidPasswordException'));
    assert.equal(await confirm(code), 'SUCCESS');
    await assert.rejects(signIn(changed), named('NotAuthorizedException', 'Incorrect username or password.'));
    await signIn(forgotten);
  });

  step('deleteUser', async () => {
    assert.equal(await done((callback) => user.deleteUser(callback)), 'SUCCESS');
    assert.equal(pool.getCurrentUser(), null);
    const { users } = awsClients(test.server);
    await assert.rejects(users.send(new AdminGetUserCommand({ UserPoolId: test.project.userPoolId, Username })), named('UserNotFoundException'));
    await assert.rejects(signIn(forgotten), named('UserNotFoundException'));
  });
});
