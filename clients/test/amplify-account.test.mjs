// aws-amplify in Node: what people do with their account. Attributes, forgotten and changed passwords, authenticator
// apps, remembered devices, sign-in without a password, leaving.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import {
  AddCustomAttributesCommand, AdminGetUserCommand, DescribeUserPoolCommand, SetUserPoolMfaConfigCommand, UpdateUserPoolClientCommand, UpdateUserPoolCommand,
} from '@aws-sdk/client-cognito-identity-provider';
import * as auth from 'aws-amplify/auth';
import { configureAmplify, muteWarnings } from '../lib/amplify.mjs';
import { awsClients } from '../lib/aws.mjs';
import { named, useServer } from '../lib/testing.mjs';
import { authenticatorApp } from '../lib/totp.mjs';

const username = 'grace';
const password = 'Compiler-A0-1952!';
const next = 'Flow-Matic-1955!';
const email = 'grace@example.com';
const moved = 'hopper@example.com';

const test = useServer();
const { step } = test;

describe('aws-amplify in Node: an account', () => {
  step('signUp takes attributes, standard and custom', async () => {
    muteWarnings();
    const { users } = awsClients(test.server);
    const { userPoolId: UserPoolId, clientId: ClientId } = test.project;
    await users.send(new AddCustomAttributesCommand({ UserPoolId, CustomAttributes: [{ Name: 'plan', AttributeDataType: 'String', Mutable: true }] }));
    const { UserPool: { Policies } } = await users.send(new DescribeUserPoolCommand({ UserPoolId }));
    await users.send(new UpdateUserPoolCommand({
      UserPoolId, AutoVerifiedAttributes: ['email'],
      Policies: { ...Policies, SignInPolicy: { AllowedFirstAuthFactors: ['PASSWORD', 'EMAIL_OTP'] } },
      UserAttributeUpdateSettings: { AttributesRequireVerificationBeforeUpdate: ['email'] },
    }));
    await users.send(new SetUserPoolMfaConfigCommand({ UserPoolId, MfaConfiguration: 'OPTIONAL', SoftwareTokenMfaConfiguration: { Enabled: true } }));
    await users.send(new UpdateUserPoolClientCommand({ UserPoolId, ClientId, ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'] }));
    configureAmplify(test.project.outputs, test.server.url);
    const { nextStep } = await auth.signUp({ username, password, options: { userAttributes: { email, name: 'Grace', 'custom:plan': 'gold' } } });
    assert.equal(nextStep.signUpStep, 'CONFIRM_SIGN_UP');
    await auth.confirmSignUp({ username, confirmationCode: await test.server.code(email) });
    await auth.signIn({ username, password });
  });

  step('fetchUserAttributes reads them back', async () => {
    const { sub, ...rest } = await auth.fetchUserAttributes();
    assert.match(sub, /^[0-9a-f-]{36}$/);
    assert.deepEqual(rest, { email, email_verified: 'true', name: 'Grace', 'custom:plan': 'gold' });
  });

  step('updateUserAttribute is done, or asks for a code', async () => {
    const { isUpdated, nextStep } = await auth.updateUserAttribute({ userAttribute: { attributeKey: 'name', value: 'Grace Hopper' } });
    assert.deepEqual({ isUpdated, nextStep }, { isUpdated: true, nextStep: { updateAttributeStep: 'DONE' } });
    const changed = await auth.updateUserAttribute({ userAttribute: { attributeKey: 'email', value: moved } });
    assert.deepEqual(changed, {
      isUpdated: false,
      nextStep: { updateAttributeStep: 'CONFIRM_ATTRIBUTE_WITH_CODE', codeDeliveryDetails: { destination: 'h***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' } },
    });
    assert.equal((await auth.fetchUserAttributes()).email, email); // until the new one is verified
  });

  step('sendUserAttributeVerificationCode sends another code, and confirmUserAttribute takes it', async () => {
    const first = await test.server.code(moved);
    const details = await auth.sendUserAttributeVerificationCode({ userAttributeKey: 'email' });
    assert.deepEqual(details, { destination: 'h***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' });
    const second = await test.server.code(moved, { after: first });
    await assert.rejects(auth.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: first }), named('CodeMismatchException'));
    await auth.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: second });
    const { email: now, email_verified: verified } = await auth.fetchUserAttributes();
    assert.deepEqual({ now, verified }, { now: moved, verified: 'true' });
  });

  step('updateUserAttributes changes several', async () => {
    const result = await auth.updateUserAttributes({ userAttributes: { nickname: 'Amazing Grace', 'custom:plan': 'silver' } });
    assert.ok(Object.values(result).every((r) => r.isUpdated), JSON.stringify(result));
    assert.equal((await auth.fetchUserAttributes())['custom:plan'], 'silver');
  });

  step('deleteUserAttributes deletes, but not what must stay', async () => {
    await auth.deleteUserAttributes({ userAttributeKeys: ['nickname', 'custom:plan'] });
    const attributes = await auth.fetchUserAttributes();
    assert.equal(attributes.nickname, undefined);
    assert.equal(attributes['custom:plan'], undefined);
    await assert.rejects(auth.deleteUserAttributes({ userAttributeKeys: ['sub'] }), named('InvalidParameterException'));
  });

  step('updatePassword wants the old one', async () => {
    await assert.rejects(auth.updatePassword({ oldPassword: next, newPassword: password }), named('NotAuthorizedException'));
    await auth.updatePassword({ oldPassword: password, newPassword: next });
  });

  step('resetPassword sends a code, and confirmResetPassword sets the password', async () => {
    await auth.signOut();
    const { nextStep } = await auth.resetPassword({ username });
    assert.equal(nextStep.resetPasswordStep, 'CONFIRM_RESET_PASSWORD_WITH_CODE');
    assert.deepEqual(nextStep.codeDeliveryDetails, { destination: 'h***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' });
    await auth.confirmResetPassword({ username, newPassword: password, confirmationCode: await test.server.code(moved) });
    await assert.rejects(auth.signIn({ username, password: next }), named('NotAuthorizedException'));
    assert.equal((await auth.signIn({ username, password })).isSignedIn, true);
  });

  step('an authenticator app is set up and becomes the second factor', async () => {
    const { sharedSecret } = await auth.setUpTOTP();
    const phone = authenticatorApp(sharedSecret);
    await auth.verifyTOTPSetup({ code: phone.code() });
    await auth.updateMFAPreference({ totp: 'PREFERRED' });
    assert.deepEqual(await auth.fetchMFAPreference(), { enabled: ['TOTP'], preferred: 'TOTP' });
    await auth.signOut();
    const { isSignedIn, nextStep } = await auth.signIn({ username, password });
    assert.deepEqual({ isSignedIn, step: nextStep.signInStep }, { isSignedIn: false, step: 'CONFIRM_SIGN_IN_WITH_TOTP_CODE' });
    assert.equal((await auth.confirmSignIn({ challengeResponse: phone.code() })).isSignedIn, true);
    await auth.updateMFAPreference({ totp: 'DISABLED' });
    await auth.signOut();
  });

  step('a one-time password signs in without a password', async () => {
    const { nextStep } = await auth.signIn({ username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'EMAIL_OTP' } });
    assert.equal(nextStep.signInStep, 'CONFIRM_SIGN_IN_WITH_EMAIL_CODE');
    const challengeResponse = await test.server.code(moved);
    assert.match(challengeResponse, /^[0-9]{8}$/);
    assert.equal((await auth.confirmSignIn({ challengeResponse })).isSignedIn, true);
  });

  step('deleteUser leaves nothing behind', async () => {
    await auth.deleteUser();
    const { users } = awsClients(test.server);
    await assert.rejects(users.send(new AdminGetUserCommand({ UserPoolId: test.project.userPoolId, Username: username })), named('UserNotFoundException'));
  });
});
