// aws-amplify in Chromium, from sign-up to passkeys: a person signs up, is signed in by the code that confirmed them,
// makes a passkey (the browser's own authenticator, driven by its debugging protocol) and signs in by it. The page is on
// http://localhost and the server on 127.0.0.1, so the relying party is localhost.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, describe } from 'node:test';
import { SetUserPoolMfaConfigCommand } from '@aws-sdk/client-cognito-identity-provider';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp } from '../lib/browser.mjs';
import { changeAnswer, changeRequest } from '../lib/intercept.mjs';
import { addAuthenticator } from '../lib/passkeys.mjs';
import { named, useServer } from '../lib/testing.mjs';

const email = 'ada@example.com';
const password = 'Analytical-Engine-1843';
const byChoice = (preferredChallenge) => ({ username: email, options: { authFlowType: 'USER_AUTH', preferredChallenge } });

describe('aws-amplify in Chromium: sign-up and passkeys', { skip: browser.skip }, () => {
  let app, auth, authenticator, passkey, copy;
  after(() => app?.close());
  const test = useServer({
    project: {
      usernameAttributes: ['email'],
      pool: { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP', 'WEB_AUTHN'] } } },
      client: { ExplicitAuthFlows: ['ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] },
    },
  });
  const { step } = test;

  step('signUp with attributes, confirmSignUp with the code of the mail', async () => {
    app = await openApp();
    ({ auth } = app);
    await app.configure(test.project.outputs, test.server.url);
    authenticator = await addAuthenticator(app.tab);
    const { nextStep } = await auth.signUp({
      username: email, password, options: { userAttributes: { email, 'custom:display_name': 'Ada' }, autoSignIn: { authFlowType: 'USER_AUTH' } },
    });
    assert.deepEqual(nextStep, {
      signUpStep: 'CONFIRM_SIGN_UP', codeDeliveryDetails: { destination: 'a***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' },
    });
    const confirmed = await auth.confirmSignUp({ username: email, confirmationCode: await test.server.code(email) });
    assert.equal(confirmed.nextStep.signUpStep, 'COMPLETE_AUTO_SIGN_IN');
  });

  step('autoSignIn asks for nothing more', async () => {
    assert.deepEqual(await auth.autoSignIn(), { isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    const { sub, ...attributes } = await auth.fetchUserAttributes();
    assert.equal(sub, (await auth.getCurrentUser()).userId);
    assert.deepEqual(attributes, { email, email_verified: 'true', 'custom:display_name': 'Ada' });
  });

  step('a passkey that says it was made on another site\'s page is refused', async () => {
    const origin = 'https://shop.example';
    await changeRequest(app.tab, 'CompleteWebAuthnRegistration', ({ Credential: { response } }) => {
      const said = JSON.parse(Buffer.from(response.clientDataJSON, 'base64url'));
      assert.equal(said.origin, app.origin);
      response.clientDataJSON = Buffer.from(JSON.stringify({ ...said, origin })).toString('base64url');
    }, () => assert.rejects(auth.associateWebAuthnCredential(), named('WebAuthnOriginNotAllowedException')));
  });

  step('a passkey that was made for another relying party is refused', async () => {
    const hash = (id) => createHash('sha256').update(id).digest();
    await changeRequest(app.tab, 'CompleteWebAuthnRegistration', ({ Credential: { response } }) => {
      const attestation = Buffer.from(response.attestationObject, 'base64url');
      const at = attestation.indexOf(hash('localhost'));
      assert.ok(at > 0);
      hash('shop.example').copy(attestation, at);
      response.attestationObject = attestation.toString('base64url');
    }, () => assert.rejects(auth.associateWebAuthnCredential(), named('WebAuthnRelyingPartyMismatchException')));
    assert.deepEqual(await auth.listWebAuthnCredentials(), { credentials: [] });
    await authenticator.clear();
  });

  step('associateWebAuthnCredential makes a passkey, and listWebAuthnCredentials shows it', async () => {
    await auth.associateWebAuthnCredential();
    const { credentials, nextToken } = await auth.listWebAuthnCredentials();
    const [{ credentialId, createdAt, friendlyCredentialName, ...rest }] = credentials;
    assert.deepEqual([credentials.length, nextToken], [1, undefined]);
    const [held] = await authenticator.credentials();
    assert.equal(credentialId, Buffer.from(held.credentialId, 'base64').toString('base64url'));
    assert.deepEqual(rest, { relyingPartyId: 'localhost', authenticatorAttachment: 'platform', authenticatorTransports: ['internal'] });
    assert.ok(friendlyCredentialName && Math.abs(Date.now() - new Date(createdAt)) < 60_000, createdAt);
    passkey = credentialId;
    copy = held;
  });

  step('the same authenticator makes no second one', () => assert.rejects(auth.associateWebAuthnCredential(), named('PasskeyAlreadyExists')));

  step('signIn by the passkey, without a password or a code', async () => {
    const { userId } = await auth.getCurrentUser();
    await auth.signOut();
    await assert.rejects(auth.listWebAuthnCredentials(), named('UserUnAuthenticatedException'));
    assert.deepEqual(await auth.signIn(byChoice('WEB_AUTHN')), { isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    assert.equal((await auth.getCurrentUser()).userId, userId);
    const { tokens } = await auth.fetchAuthSession();
    assert.equal(tokens.accessToken.payload.sub, userId);
    assert.equal(tokens.idToken.payload['custom:display_name'], 'Ada');
    const [held] = await authenticator.credentials();
    assert.ok(held.signCount > copy.signCount);
  });

  step('without a preference the person chooses, the passkey for example', async () => {
    assert.deepEqual(await choices(), ['EMAIL_OTP', 'PASSWORD', 'PASSWORD_SRP', 'WEB_AUTHN']);
    assert.equal((await auth.confirmSignIn({ challengeResponse: 'WEB_AUTHN' })).isSignedIn, true);
  });

  step('or a code by mail, which can be typed wrong once', async () => {
    await choices();
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: 'EMAIL_OTP' });
    assert.deepEqual(nextStep, {
      signInStep: 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE', codeDeliveryDetails: { destination: 'a***@e***', deliveryMedium: 'EMAIL' },
    });
    const code = await test.server.code(email);
    assert.match(code, /^[0-9]{8}$/);
    const wrong = String((Number(code) + 1) % 100_000_000).padStart(8, '0');
    await assert.rejects(auth.confirmSignIn({ challengeResponse: wrong }), named('CodeMismatchException'));
    assert.equal((await auth.confirmSignIn({ challengeResponse: code })).isSignedIn, true);
  });

  step('or the password, by SRP or in clear', async () => {
    for (const factor of ['PASSWORD_SRP', 'PASSWORD']) {
      await choices();
      assert.equal((await auth.confirmSignIn({ challengeResponse: factor })).nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_PASSWORD');
      await assert.rejects(auth.confirmSignIn({ challengeResponse: `${password}!` }), named('NotAuthorizedException', 'Incorrect username or password.'));
      await choices();
      await auth.confirmSignIn({ challengeResponse: factor });
      assert.equal((await auth.confirmSignIn({ challengeResponse: password })).isSignedIn, true);
    }
  });

  step('a preferred factor is asked for at once', async () => {
    await auth.signOut();
    const before = await test.server.code(email);
    const { nextStep } = await auth.signIn(byChoice('EMAIL_OTP'));
    assert.equal(nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
    assert.equal((await auth.confirmSignIn({ challengeResponse: await test.server.code(email, { after: before }) })).isSignedIn, true);
    await auth.signOut();
    assert.equal((await auth.signIn({ ...byChoice('PASSWORD_SRP'), password })).isSignedIn, true);
  });

  step('a copy of the passkey, whose counter is behind, is refused', async () => {
    await auth.signOut();
    const [held] = await authenticator.credentials();
    await authenticator.replace({ ...copy, signCount: 1 });
    await assert.rejects(auth.signIn(byChoice('WEB_AUTHN')), named('NotAuthorizedException', 'Incorrect username or password.'));
    await authenticator.replace(held);
    assert.equal((await auth.signIn(byChoice('WEB_AUTHN'))).isSignedIn, true);
  });

  step('a pool of another relying party: the browser refuses, and so does the server what the browser would allow', async () => {
    const { users } = awsClients(test.server);
    const relyingParty = (RelyingPartyId) => users.send(new SetUserPoolMfaConfigCommand({
      UserPoolId: test.project.userPoolId, MfaConfiguration: 'OFF', WebAuthnConfiguration: { RelyingPartyId, UserVerification: 'preferred' },
    }));
    await auth.signOut();
    await relyingParty('shop.example');
    await assert.rejects(auth.signIn(byChoice('WEB_AUTHN')), named('RelyingPartyMismatch'));
    await changeAnswer(app.tab, 'InitiateAuth', ({ ChallengeParameters: parameters }) => {
      const options = JSON.parse(parameters.CREDENTIAL_REQUEST_OPTIONS);
      assert.equal(options.rpId, 'shop.example');
      parameters.CREDENTIAL_REQUEST_OPTIONS = JSON.stringify({ ...options, rpId: 'localhost', allowCredentials: [{ type: 'public-key', id: passkey }] });
    }, () => assert.rejects(auth.signIn(byChoice('WEB_AUTHN')), named('NotAuthorizedException', 'Incorrect username or password.')));
    await relyingParty('localhost');
    assert.equal((await auth.signIn(byChoice('WEB_AUTHN'))).isSignedIn, true);
  });

  step('deleteWebAuthnCredential: the passkey is no choice any more', async () => {
    await auth.deleteWebAuthnCredential({ credentialId: passkey });
    assert.deepEqual(await auth.listWebAuthnCredentials(), { credentials: [] });
    await assert.rejects(auth.deleteWebAuthnCredential({ credentialId: passkey }), named('ResourceNotFoundException'));
    await auth.signOut();
    const { isSignedIn, nextStep } = await auth.signIn(byChoice('WEB_AUTHN'));
    assert.equal(isSignedIn, false);
    assert.equal(nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION');
    assert.deepEqual(nextStep.availableChallenges.sort(), ['EMAIL_OTP', 'PASSWORD', 'PASSWORD_SRP']);
  });

  // Signs out, begins a sign-in, and returns what there is to choose from.
  async function choices() {
    await auth.signOut();
    const { isSignedIn, nextStep } = await auth.signIn(byChoice());
    assert.deepEqual([isSignedIn, nextStep.signInStep], [false, 'CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION']);
    return nextStep.availableChallenges.sort();
  }
});
