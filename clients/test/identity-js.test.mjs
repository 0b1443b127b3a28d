// amazon-cognito-identity-js in Node: the library of the apps that came before Amplify v6.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { GetUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { awsClients } from '../lib/aws.mjs';
import { answered, done } from '../lib/identity.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const Username = 'ada';
const Password = 'Analytical-Engine-1843';
const email = 'ada@example.com';

const tap = tapFetch();
const test = useServer();
const { step } = test;
let pool, user, session;

const signIn = (password) => answered((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password: password }), callbacks));

describe('amazon-cognito-identity-js in Node', () => {
  step('signUp', async () => {
    const { userPoolId, clientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId: userPoolId, ClientId: clientId, endpoint: test.server.url });
    const attributes = Object.entries({ email, 'custom:display_name': 'Ada' }).map(([Name, Value]) => new CognitoUserAttribute({ Name, Value }));
    const result = await done((callback) => pool.signUp(Username, Password, attributes, null, callback));
    assert.equal(result.userConfirmed, false);
    assert.equal(result.codeDeliveryDetails.Destination, 'a***@e***');
    user = new CognitoUser({ Username, Pool: pool });
  });

  step('an unconfirmed user cannot sign in', () => assert.rejects(signIn(Password), named('UserNotConfirmedException', 'User is not confirmed.')));

  step('confirmRegistration with the code from the outbox', async () => {
    const code = await test.server.code(email);
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    await assert.rejects(done((callback) => user.confirmRegistration(wrong, true, callback)), named('CodeMismatchException'));
    assert.equal(await done((callback) => user.confirmRegistration(code, true, callback)), 'SUCCESS');
  });

  step('a wrong password is refused', () => assert.rejects(signIn('Difference-Engine-1822'), named('NotAuthorizedException', 'Incorrect username or password.')));

  step('authenticateUser by SRP', async () => {
    session = await signIn(Password);
    assert.ok(session.isValid());
    assert.equal(session.getIdToken().payload['cognito:username'], Username);
    assert.equal(session.getIdToken().payload.email_verified, true);
    assert.equal(tap.calls.findLast((c) => c.target === 'InitiateAuth').request.AuthFlow, 'USER_SRP_AUTH');
  });

  step('getUserAttributes', async () => {
    const attributes = await done((callback) => user.getUserAttributes(callback));
    assert.deepEqual(Object.fromEntries(attributes.map((a) => [a.getName(), a.getValue()])),
      { sub: session.getIdToken().payload.sub, email, email_verified: 'true', 'custom:display_name': 'Ada' });
  });

  step('refreshSession by REFRESH_TOKEN_AUTH', async () => {
    const renewed = await done((callback) => user.refreshSession(session.getRefreshToken(), callback));
    assert.match(tap.calls.findLast((c) => c.target === 'InitiateAuth').request.AuthFlow, /^REFRESH_TOKEN/);
    assert.notEqual(renewed.getAccessToken().getJwtToken(), session.getAccessToken().getJwtToken());
    assert.equal(renewed.getAccessToken().payload.origin_jti, session.getAccessToken().payload.origin_jti);
    assert.equal(renewed.getRefreshToken().getToken(), session.getRefreshToken().getToken());
    session = renewed;
  });

  step('globalSignOut ends the session', async () => {
    const AccessToken = session.getAccessToken().getJwtToken();
    const { users } = awsClients(test.server);
    assert.equal((await users.send(new GetUserCommand({ AccessToken }))).Username, Username);
    assert.equal(await answered((callbacks) => user.globalSignOut(callbacks)), 'SUCCESS');
    await assert.rejects(users.send(new GetUserCommand({ AccessToken })), named('NotAuthorizedException', 'Access Token has been revoked'));
    assert.equal(pool.getCurrentUser(), null);
  });
});
