// aws-amplify in Chromium: a pool that demands two factors and takes a passkey that has verified its user for both.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import { browser, openApp } from '../lib/browser.mjs';
import { changeAnswer } from '../lib/intercept.mjs';
import { appsOnly } from '../lib/mfa.mjs';
import { addAuthenticator } from '../lib/passkeys.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { authenticatorApp } from '../lib/totp.mjs';

const username = 'ada';
const password = 'Analytical-Engine-1843';
const email = 'ada@example.com';
const signedIn = { isSignedIn: true, nextStep: { signInStep: 'DONE' } };
const byChoice = (preferredChallenge) => ({ username, options: { authFlowType: 'USER_AUTH', preferredChallenge } });

describe('aws-amplify in Chromium: a passkey for two factors', { skip: browser.skip }, () => {
  let app, auth, authenticator, phone;
  after(() => app?.close());
  const test = useServer({
    project: {
      pool: { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'WEB_AUTHN'] } } },
      mfa: {
        ...appsOnly('ON'),
        WebAuthnConfiguration: { RelyingPartyId: 'localhost', UserVerification: 'required', FactorConfiguration: 'MULTI_FACTOR_WITH_USER_VERIFICATION' },
      },
      client: { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_USER_SRP_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
    },
  });
  const { step } = test;

  step('a sign-up does not stand for the second factor: it is set up', async () => {
    app = await openApp();
    ({ auth } = app);
    await app.configure(test.project.outputs, test.server.url);
    authenticator = await addAuthenticator(app.tab);
    await auth.signUp({ username, password, options: { userAttributes: { email }, autoSignIn: true } });
    await auth.confirmSignUp({ username, confirmationCode: await test.server.code(email) });
    const { nextStep } = await auth.autoSignIn();
    assert.equal(nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP');
    phone = authenticatorApp(nextStep.totpSetupDetails.sharedSecret);
    assert.deepEqual(await auth.confirmSignIn({ challengeResponse: phone.code() }), signedIn);
  });

  step('a passkey is made by who is in front of the authenticator, and by nobody else', async () => {
    await authenticator.verifies(false);
    await assert.rejects(auth.associateWebAuthnCredential(), named('PasskeyRegistrationCanceled'));
    await authenticator.verifies(true);
    await auth.associateWebAuthnCredential();
    assert.equal((await auth.listWebAuthnCredentials()).credentials.length, 1);
  });

  step('it signs in alone', async () => {
    await auth.signOut();
    assert.deepEqual(await auth.signIn(byChoice('WEB_AUTHN')), signedIn);
  });

  step('the password needs the authenticator app', async () => {
    await auth.signOut();
    const { nextStep } = await auth.signIn(byChoice());
    assert.deepEqual(nextStep.availableChallenges.sort(), ['PASSWORD', 'PASSWORD_SRP', 'WEB_AUTHN']);
    await auth.confirmSignIn({ challengeResponse: 'PASSWORD_SRP' });
    assert.equal((await auth.confirmSignIn({ challengeResponse: password })).nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
    assert.deepEqual(await auth.confirmSignIn({ challengeResponse: phone.code() }), signedIn);
  });

  step('a passkey that did not verify its user is refused, by the browser and by the server', async () => {
    await auth.signOut();
    await authenticator.verifies(false);
    await assert.rejects(auth.signIn(byChoice('WEB_AUTHN')), named('PasskeyAuthenticationCanceled'));
    await changeAnswer(app.tab, 'InitiateAuth', ({ ChallengeParameters: parameters }) => {
      const options = JSON.parse(parameters.CREDENTIAL_REQUEST_OPTIONS);
      assert.equal(options.userVerification, 'required');
      parameters.CREDENTIAL_REQUEST_OPTIONS = JSON.stringify({ ...options, userVerification: 'discouraged' });
    }, () => assert.rejects(auth.signIn(byChoice('WEB_AUTHN')), named('NotAuthorizedException', 'Incorrect username or password.')));
    await authenticator.verifies(true);
    assert.deepEqual(await auth.signIn(byChoice('WEB_AUTHN')), signedIn);
  });
});
