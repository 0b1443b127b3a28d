// aws-amplify in Chromium: second factors, and passwords that must be replaced. The pool demands a second factor of
// everybody; people have an authenticator app, codes by text message or by mail, or have yet to choose.
import assert from 'node:assert/strict';
import { after, describe } from 'node:test';
import {
  AdminCreateUserCommand, AdminResetUserPasswordCommand, AdminSetUserPasswordCommand, SetUserPoolMfaConfigCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import { awsClients } from '../lib/aws.mjs';
import { browser, openApp } from '../lib/browser.mjs';
import { appsOnly, everyFactor, mayMailFactors } from '../lib/mfa.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { authenticatorApp } from '../lib/totp.mjs';

const ada = { username: 'ada', password: 'Analytical-Engine-1843', email: 'ada@example.com' };
const grace = { username: 'grace', password: 'Compiler-A0-1952!', email: 'grace@example.com', phone: '+12025550143' };
const next = 'Difference-Engine-1822';

describe('aws-amplify in Chromium: second factors', { skip: browser.skip }, () => {
  let app, other, auth, phone, shown;
  after(() => Promise.all([app?.close(), other?.close()]));
  const test = useServer({ project: { pool: mayMailFactors, mfa: appsOnly('ON') } });
  const { step } = test;
  const admin = (command) => awsClients(test.server).users.send(command);
  const UserPoolId = () => test.project.userPoolId;
  const signIn = ({ username, password }) => auth.signIn({ username, password });
  const stepOf = async (sign) => (await sign).nextStep.signInStep;

  step('who has no second factor sets an authenticator app up while signing in', async () => {
    app = await openApp();
    ({ auth } = app);
    await app.configure(test.project.outputs, test.server.url);
    await auth.signUp({ ...ada, options: { userAttributes: { email: ada.email } } });
    await auth.confirmSignUp({ username: ada.username, confirmationCode: await test.server.code(ada.email) });
    const { isSignedIn, nextStep } = await signIn(ada);
    assert.deepEqual([isSignedIn, nextStep.signInStep], [false, 'CONTINUE_SIGN_IN_WITH_TOTP_SETUP']);
    phone = authenticatorApp(nextStep.totpSetupDetails.sharedSecret);
    await assert.rejects(auth.confirmSignIn({ challengeResponse: phone.oldCode() }), named('EnableSoftwareTokenMFAException'));
    shown = phone.code();
    assert.deepEqual(await auth.confirmSignIn({ challengeResponse: shown, options: { friendlyDeviceName: 'Ada\'s phone' } }),
      { isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    assert.deepEqual((await auth.fetchMFAPreference()).enabled, ['TOTP']);
  });

  step('from then on the app\'s codes are asked for, each good for one sign-in', async () => {
    await auth.signOut();
    assert.equal(await stepOf(signIn(ada)), 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
    await assert.rejects(auth.getCurrentUser(), named('UserUnAuthenticatedException'));
    await assert.rejects(auth.confirmSignIn({ challengeResponse: phone.oldCode() }), named('CodeMismatchException'));
    await assert.rejects(auth.confirmSignIn({ challengeResponse: shown }), named('ExpiredCodeException'));
    assert.equal((await auth.confirmSignIn({ challengeResponse: phone.code() })).isSignedIn, true);
  });

  step('resetPassword mails a code; the new password still needs the second factor', async () => {
    await auth.signOut();
    const { isPasswordReset, nextStep } = await auth.resetPassword({ username: ada.username });
    assert.deepEqual({ isPasswordReset, nextStep }, {
      isPasswordReset: false,
      nextStep: { resetPasswordStep: 'CONFIRM_RESET_PASSWORD_WITH_CODE', codeDeliveryDetails: { destination: 'a***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' } },
    });
    const confirmationCode = await test.server.code(ada.email);
    const confirm = (changes) => auth.confirmResetPassword({ username: ada.username, confirmationCode, newPassword: next, ...changes });
    await assert.rejects(confirm({ newPassword: 'short' }), named('InvalidPasswordException'));
    await assert.rejects(confirm({ confirmationCode: String((Number(confirmationCode) + 1) % 1_000_000).padStart(6, '0') }), named('CodeMismatchException'));
    await confirm();
    await assert.rejects(confirm(), named('ExpiredCodeException'));
    await assert.rejects(signIn(ada), named('NotAuthorizedException', 'Incorrect username or password.'));
    assert.equal(await stepOf(signIn({ ...ada, password: next })), 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
  });

  step('who was told to reset the password cannot sign in before', async () => {
    await admin(new AdminResetUserPasswordCommand({ UserPoolId: UserPoolId(), Username: ada.username }));
    assert.equal(await stepOf(signIn({ ...ada, password: next })), 'RESET_PASSWORD');
    const confirmationCode = await test.server.code(ada.email);
    await auth.confirmResetPassword({ username: ada.username, confirmationCode, newPassword: ada.password });
    assert.equal(await stepOf(signIn(ada)), 'CONFIRM_SIGN_IN_WITH_TOTP_CODE');
  });

  step('somebody whom the owner made chooses a password, then one of two factors', async () => {
    await admin(new SetUserPoolMfaConfigCommand({ UserPoolId: UserPoolId(), ...everyFactor('ON') }));
    await admin(new AdminCreateUserCommand({
      UserPoolId: UserPoolId(), Username: grace.username, TemporaryPassword: 'Temporary-1906!', MessageAction: 'SUPPRESS',
      UserAttributes: Object.entries({ email: grace.email, phone_number: grace.phone, email_verified: 'true', phone_number_verified: 'true' }).map(([Name, Value]) => ({ Name, Value })),
    }));
    const { nextStep } = await signIn({ ...grace, password: 'Temporary-1906!' });
    assert.deepEqual(nextStep, { signInStep: 'CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED', missingAttributes: [] });
    await assert.rejects(auth.confirmSignIn({ challengeResponse: 'short' }), named('InvalidPasswordException'));
    const chosen = await auth.confirmSignIn({ challengeResponse: grace.password, options: { userAttributes: { 'custom:display_name': 'Grace' } } });
    assert.equal(chosen.nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION');
    assert.deepEqual(chosen.nextStep.allowedMFATypes.sort(), ['EMAIL', 'SMS']);
    const mailed = await auth.confirmSignIn({ challengeResponse: 'EMAIL' });
    assert.deepEqual(mailed.nextStep, { signInStep: 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE', codeDeliveryDetails: { destination: 'g***@e***', deliveryMedium: 'EMAIL' } });
    assert.equal((await auth.confirmSignIn({ challengeResponse: await test.server.code(grace.email) })).isSignedIn, true);
    assert.equal((await auth.fetchUserAttributes())['custom:display_name'], 'Grace');
  });

  step('or the other', async () => {
    await auth.signOut();
    assert.equal(await stepOf(signIn(grace)), 'CONTINUE_SIGN_IN_WITH_MFA_SELECTION');
    await assert.rejects(auth.confirmSignIn({ challengeResponse: 'TOTP' }), named('InvalidParameterException'));
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: 'SMS' });
    assert.deepEqual(nextStep, { signInStep: 'CONFIRM_SIGN_IN_WITH_SMS_CODE', codeDeliveryDetails: { destination: '+*******0143', deliveryMedium: 'SMS' } });
    assert.equal((await auth.confirmSignIn({ challengeResponse: await test.server.code(grace.phone) })).isSignedIn, true);
  });

  step('updateMFAPreference spares the choice', async () => {
    await auth.updateMFAPreference({ sms: 'PREFERRED', email: 'ENABLED' });
    assert.deepEqual(await auth.fetchMFAPreference(), { enabled: ['SMS', 'EMAIL'], preferred: 'SMS' });
    await auth.signOut();
    await signInByText();
  });

  step('a sign-in that a newer one has overtaken has a code that is void', async () => {
    await auth.signOut();
    const before = await test.server.code(grace.phone);
    await signIn(grace);
    const old = await test.server.code(grace.phone, { after: before });
    await signIn(grace);
    const challengeResponse = await test.server.code(grace.phone, { after: old });
    await assert.rejects(auth.confirmSignIn({ challengeResponse: old }), named('CodeMismatchException'));
    assert.equal((await auth.confirmSignIn({ challengeResponse })).isSignedIn, true);
  });

  step('who has neither address nor app sets one up while signing in', async () => {
    await auth.signOut();
    const alan = { username: 'alan', password: 'Bombe-Machine-1940', email: 'alan@example.com' };
    await admin(new AdminCreateUserCommand({ UserPoolId: UserPoolId(), Username: alan.username, MessageAction: 'SUPPRESS' }));
    await admin(new AdminSetUserPasswordCommand({ UserPoolId: UserPoolId(), Username: alan.username, Password: alan.password, Permanent: true }));
    const { nextStep } = await signIn(alan);
    assert.equal(nextStep.signInStep, 'CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION');
    assert.deepEqual(nextStep.allowedMFATypes.sort(), ['EMAIL', 'TOTP']);
    assert.equal(await stepOf(auth.confirmSignIn({ challengeResponse: 'EMAIL' })), 'CONTINUE_SIGN_IN_WITH_EMAIL_SETUP');
    assert.equal(await stepOf(auth.confirmSignIn({ challengeResponse: alan.email })), 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
    assert.equal((await auth.confirmSignIn({ challengeResponse: await test.server.code(alan.email) })).isSignedIn, true);
    assert.equal((await auth.fetchUserAttributes()).email, alan.email);
    await auth.signOut();
  });

  step('signOut global ends the session of another browser too', async () => {
    await signInByText();
    const here = auth;
    other = await openApp();
    await other.configure(test.project.outputs, test.server.url);
    ({ auth } = other);
    await signInByText();
    assert.equal((await other.auth.fetchUserAttributes()).email, grace.email);
    await here.signOut({ global: true });
    await assert.rejects(other.auth.fetchUserAttributes(), named('NotAuthorizedException', 'Access Token has been revoked'));
    // Amplify notices when it refreshes. It keeps the identity, which is not for guests.
    await assert.rejects(other.auth.fetchAuthSession({ forceRefresh: true }), named('NotAuthorizedException'));
    await assert.rejects(other.auth.getCurrentUser(), named('UserUnAuthenticatedException'));
  });

  // Signs Grace in by a text message.
  async function signInByText() {
    const before = await test.server.code(grace.phone);
    assert.equal(await stepOf(signIn(grace)), 'CONFIRM_SIGN_IN_WITH_SMS_CODE');
    assert.equal((await auth.confirmSignIn({ challengeResponse: await test.server.code(grace.phone, { after: before }) })).isSignedIn, true);
  }
});
