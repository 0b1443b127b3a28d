// aws-amplify in Chromium: sign-ins of the pool's own making. The pool's functions, which this test serves by webhook, ask
// a riddle: alone, or after the password.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { browser, openApp } from '../lib/browser.mjs';
import { riddle } from '../lib/functions.mjs';
import { named, useServer } from '../lib/testing.mjs';

const username = 'ada';
const password = 'Analytical-Engine-1843';
const email = 'ada@example.com';
const wrong = named('NotAuthorizedException', 'Incorrect username or password.');

describe('aws-amplify in Chromium: custom sign-ins', { skip: browser.skip }, () => {
  let app, auth;
  after(() => app?.close());
  const test = useServer({
    functions: {
      ...riddle,
      PreSignUp(event) {
        if (event.request.clientMetadata?.invitation !== 'Menabrea') throw new Error('By invitation only.');
        event.response = { autoConfirmUser: true, autoVerifyEmail: true };
        return event;
      },
    },
    project: { client: { ExplicitAuthFlows: ['ALLOW_CUSTOM_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] } },
  });
  const { step } = test;
  const sources = () => test.events.splice(0).map((event) => event.triggerSource.split('_')[0]);

  step('the PreSignUp function refuses a sign-up, and confirms another', async () => {
    app = await openApp();
    ({ auth } = app);
    await app.configure(test.project.outputs, test.server.url);
    const signUp = (clientMetadata) => auth.signUp({ username, password, options: { userAttributes: { email }, clientMetadata } });
    await assert.rejects(signUp(), named('UserLambdaValidationException', 'PreSignUp failed with error By invitation only..'));
    const { isSignUpComplete, nextStep } = await signUp({ invitation: 'Menabrea' });
    assert.deepEqual({ isSignUpComplete, nextStep }, { isSignUpComplete: true, nextStep: { signUpStep: 'DONE' } });
    assert.deepEqual(sources(), ['PreSignUp', 'PreSignUp']);
  });

  step('CUSTOM_WITHOUT_SRP: the page sees the riddle and not its answer', async () => {
    await begin('CUSTOM_WITHOUT_SRP', '1');
    assert.deepEqual(sources(), ['DefineAuthChallenge', 'CreateAuthChallenge']);
  });

  step('a wrong answer brings the next round, a right one lets in', async () => {
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: 'a cage' });
    assert.equal(nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE');
    assert.equal(nextStep.additionalInfo.attempt, '2');
    test.events.length = 0;
    const result = await auth.confirmSignIn({ challengeResponse: 'a piano', options: { clientMetadata: { from: 'a test' } } });
    assert.deepEqual(result, { isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    const [verify, define] = test.events;
    assert.deepEqual(verify.request.privateChallengeParameters, { answer: 'a piano' });
    assert.deepEqual(verify.request.clientMetadata, { from: 'a test' });
    assert.equal(verify.request.userAttributes.email, email);
    assert.deepEqual(define.request.session, [
      { challengeName: 'CUSTOM_CHALLENGE', challengeResult: false, challengeMetadata: 'RIDDLE-1' },
      { challengeName: 'CUSTOM_CHALLENGE', challengeResult: true, challengeMetadata: 'RIDDLE-2' },
    ]);
    assert.deepEqual(sources(), ['VerifyAuthChallengeResponse', 'DefineAuthChallenge']);
    assert.equal((await auth.fetchUserAttributes()).email, email);
  });

  step('after three wrong answers it is over', async () => {
    await auth.signOut();
    await begin('CUSTOM_WITHOUT_SRP', '1');
    await auth.confirmSignIn({ challengeResponse: 'a cage' });
    await auth.confirmSignIn({ challengeResponse: 'a jailer' });
    await assert.rejects(auth.confirmSignIn({ challengeResponse: 'a map' }), wrong);
    await assert.rejects(auth.getCurrentUser(), named('UserUnAuthenticatedException'));
  });

  step('CUSTOM_WITH_SRP asks for the password first', async () => {
    await assert.rejects(auth.signIn({ username, password: `${password}!`, options: { authFlowType: 'CUSTOM_WITH_SRP' } }), wrong);
    test.events.length = 0;
    await begin('CUSTOM_WITH_SRP', '1', password);
    assert.deepEqual(sources(), ['DefineAuthChallenge', 'DefineAuthChallenge', 'CreateAuthChallenge']);
    assert.equal((await auth.confirmSignIn({ challengeResponse: 'a piano' })).isSignedIn, true);
    assert.deepEqual(test.events.at(-1).request.session.map((round) => [round.challengeName, round.challengeResult]),
      [['SRP_A', true], ['PASSWORD_VERIFIER', true], ['CUSTOM_CHALLENGE', true]]);
  });

  step('the session is one like any other', async () => {
    const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });
    assert.equal(tokens.idToken.payload['cognito:username'], username);
    assert.equal(tokens.accessToken.payload.client_id, test.project.clientId);
  });

  // Begins a sign-in, which asks the riddle.
  async function begin(authFlowType, attempt, secret) {
    const { isSignedIn, nextStep } = await auth.signIn({ username, password: secret, options: { authFlowType } });
    assert.equal(isSignedIn, false);
    assert.equal(nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE');
    const { riddle: asked, attempt: at, ...rest } = nextStep.additionalInfo;
    assert.deepEqual([asked, at, rest], ['What has keys and opens no lock?', attempt, { USERNAME: username }]);
  }
});
