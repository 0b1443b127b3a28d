// amazon-cognito-identity-js in Node: sign-ins of the pool's own making, by functions that this test serves by webhook.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from 'amazon-cognito-identity-js';
import { riddle } from '../lib/functions.mjs';
import { done, next } from '../lib/identity.mjs';
import { named, useServer } from '../lib/testing.mjs';

const Username = 'ada';
const Password = 'Analytical-Engine-1843';
const email = 'ada@example.com';

const test = useServer({
  functions: riddle,
  project: { client: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] } },
});
const { step } = test;
let pool, user;

const answer = (text, metadata) => next((callbacks) => user.sendCustomChallengeAnswer(text, callbacks, metadata));
const wrong = named('NotAuthorizedException', 'Incorrect username or password.');

describe('amazon-cognito-identity-js in Node: custom sign-ins', () => {
  step('initiateAuth asks the riddle and keeps its answer', async () => {
    const { userPoolId: UserPoolId, clientId: ClientId } = test.project;
    pool = new CognitoUserPool({ UserPoolId, ClientId, endpoint: test.server.url });
    ({ user } = await done((callback) => pool.signUp(Username, Password, [new CognitoUserAttribute({ Name: 'email', Value: email })], null, callback)));
    const code = await test.server.code(email);
    await done((callback) => user.confirmRegistration(code, true, callback));
    const { step: what, parameters } = await begin();
    assert.equal(what, 'customChallenge');
    assert.deepEqual(parameters, { riddle: 'What has keys and opens no lock?', attempt: '1', USERNAME: Username });
  });

  step('sendCustomChallengeAnswer, wrong and right', async () => {
    const again = await answer('a cage');
    assert.deepEqual([again.step, again.parameters.attempt], ['customChallenge', '2']);
    const { step: what, session } = await answer('a piano', { from: 'a test' });
    assert.equal(what, 'onSuccess');
    assert.equal(session.getIdToken().payload.email, email);
    assert.deepEqual(test.events.findLast((event) => event.triggerSource.startsWith('Verify')).request.clientMetadata, { from: 'a test' });
  });

  step('three wrong answers end it', async () => {
    await begin();
    await answer('a cage');
    await answer('a jailer');
    await assert.rejects(answer('a map'), wrong);
  });

  step('CUSTOM_AUTH after the password, by SRP', async () => {
    const bySRP = (secret) => {
      user = new CognitoUser({ Username, Pool: pool });
      user.setAuthenticationFlowType('CUSTOM_AUTH');
      return next((callbacks) => user.authenticateUser(new AuthenticationDetails({ Username, Password: secret }), callbacks));
    };
    await assert.rejects(bySRP(`${Password}!`), wrong);
    assert.equal((await bySRP(Password)).step, 'customChallenge');
    assert.equal((await answer('a piano')).step, 'onSuccess');
    assert.deepEqual(test.events.at(-1).request.session.map((round) => round.challengeName), ['SRP_A', 'PASSWORD_VERIFIER', 'CUSTOM_CHALLENGE']);
  });
});

function begin() {
  user = new CognitoUser({ Username, Pool: pool });
  return next((callbacks) => user.initiateAuth(new AuthenticationDetails({ Username }), callbacks));
}
