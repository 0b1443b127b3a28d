// aws-amplify in Node: sign-up, sign-in, tokens, attributes, sign-out.
import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { describe } from 'node:test';
import { AdminGetUserCommand, GetTokensFromRefreshTokenCommand, GetUserCommand, InitiateAuthCommand } from '@aws-sdk/client-cognito-identity-provider';
import * as auth from 'aws-amplify/auth';
import { configureAmplify, muteWarnings, refreshToken } from '../lib/amplify.mjs';
import { awsClients } from '../lib/aws.mjs';
import { claims, named, useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const username = 'ada';
const password = 'Analytical-Engine-1843';
const email = 'ada@example.com';
const userAttributes = { email, 'custom:display_name': 'Ada' };

const tap = tapFetch();
const test = useServer();
const { step } = test;
let guest, code, user; // what one step learns and a later one needs

const signUp = (changes) => auth.signUp({ username, password, options: { userAttributes }, ...changes });
const signIn = (options) => auth.signIn({ username, password, options });
const targets = () => tap.calls.map((call) => call.target).filter(Boolean);

describe('aws-amplify in Node: auth', () => {
  step('a guest gets an identity and AWS credentials', async () => {
    muteWarnings();
    configureAmplify(test.project.outputs, test.server.url);
    guest = await auth.fetchAuthSession();
    assert.match(guest.identityId, /^us-east-1:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.match(guest.credentials.accessKeyId, /^ASIA/);
    assert.ok(guest.credentials.sessionToken);
    const lifetime = guest.credentials.expiration - Date.now(); // Amplify keeps them for 50 minutes, whatever they say
    assert.ok(lifetime > 59 * 60_000 && lifetime <= 60 * 60_000 + 1000, `${lifetime} ms`);
    assert.equal(guest.tokens, undefined);
  });

  step('a password against the pool\'s policy is refused', () => assert.rejects(signUp({ password: 'analytical-engine-1843' }),
    named('InvalidPasswordException', 'Password did not conform with policy: Password must have uppercase characters')));

  step('an attribute that the pool does not have is refused', () => assert.rejects(
    signUp({ options: { userAttributes: { ...userAttributes, 'custom:shoe_size': '37' } } }), named('InvalidParameterException')));

  step('signUp sends a code to the e-mail address', async () => {
    const { isSignUpComplete, userId, nextStep } = await signUp();
    assert.equal(isSignUpComplete, false);
    assert.match(userId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(nextStep, {
      signUpStep: 'CONFIRM_SIGN_UP',
      codeDeliveryDetails: { destination: 'a***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' },
    });
    code = await test.server.code(email);
    assert.match(code, /^[0-9]{6}$/);
  });

  step('the same username cannot sign up twice', () => assert.rejects(signUp(), named('UsernameExistsException')));

  step('an unconfirmed user is asked to confirm', async () => {
    const { isSignedIn, nextStep } = await signIn();
    assert.deepEqual({ isSignedIn, step: nextStep.signInStep }, { isSignedIn: false, step: 'CONFIRM_SIGN_UP' });
  });

  step('a code that is sent again replaces the first', async () => {
    const delivery = await auth.resendSignUpCode({ username });
    assert.deepEqual(delivery, { destination: 'a***@e***', deliveryMedium: 'EMAIL', attributeName: 'email' });
    const first = code;
    code = await test.server.code(email, { after: first });
    await assert.rejects(auth.confirmSignUp({ username, confirmationCode: first }), named('CodeMismatchException'));
  });

  step('a wrong code is refused', async () => {
    const wrong = String((Number(code) + 1) % 1_000_000).padStart(6, '0');
    await assert.rejects(auth.confirmSignUp({ username, confirmationCode: wrong }),
      named('CodeMismatchException', 'Invalid verification code provided, please try again.'));
  });

  step('the right code confirms the user and the address', async () => {
    const { isSignUpComplete, nextStep } = await auth.confirmSignUp({ username, confirmationCode: code });
    assert.deepEqual({ isSignUpComplete, step: nextStep.signUpStep }, { isSignUpComplete: true, step: 'DONE' });
    const { users } = awsClients(test.server);
    const person = await users.send(new AdminGetUserCommand({ UserPoolId: test.project.userPoolId, Username: username }));
    assert.equal(person.UserStatus, 'CONFIRMED');
    assert.equal(person.UserAttributes.find((a) => a.Name === 'email_verified').Value, 'true');
  });

  step('a wrong password is refused', () => assert.rejects(auth.signIn({ username, password: 'Difference-Engine-1822' }),
    named('NotAuthorizedException', 'Incorrect username or password.')));

  step('an unknown user is refused', () => assert.rejects(auth.signIn({ username: 'charles', password }), named('UserNotFoundException')));

  step('SRP signs in, and the password stays in the app', async () => {
    tap.calls.length = 0;
    const { isSignedIn, nextStep } = await signIn();
    assert.deepEqual({ isSignedIn, nextStep }, { isSignedIn: true, nextStep: { signInStep: 'DONE' } });
    const [initiate, respond] = tap.calls.filter((c) => ['InitiateAuth', 'RespondToAuthChallenge'].includes(c.target));
    assert.equal(initiate.request.AuthFlow, 'USER_SRP_AUTH');
    assert.equal(initiate.answer.ChallengeName, 'PASSWORD_VERIFIER');
    assert.equal(respond.answer.AuthenticationResult.TokenType, 'Bearer');
    assert.ok(!JSON.stringify(tap.calls.map((c) => c.request)).includes(password));
  });

  step('the guest\'s identity is the user\'s now', async () => {
    user = await auth.fetchAuthSession();
    assert.equal(user.identityId, guest.identityId);
    assert.notEqual(user.credentials.accessKeyId, guest.credentials.accessKeyId);
  });

  step('getCurrentUser knows who signed in', async () => {
    const { username: name, userId } = await auth.getCurrentUser();
    assert.deepEqual({ name, userId }, { name: username, userId: user.userSub });
  });

  step('the id token tells who the user is', () => {
    const { clientId, userPoolId } = test.project;
    const { iss, iat, exp, auth_time: authTime, jti, origin_jti: origin, event_id: event, ...rest } = user.tokens.idToken.payload;
    assert.deepEqual(rest, {
      sub: user.userSub, aud: clientId, token_use: 'id', 'cognito:username': username, email, email_verified: true, 'custom:display_name': 'Ada',
    });
    assert.ok(iss.endsWith(`/${userPoolId}`), iss);
    assert.equal(exp - iat, 3600);
    assert.ok(authTime <= iat && [jti, origin, event].every((id) => /^[0-9a-f-]{36}$/.test(id)));
  });

  step('the access token tells what the client may do', () => {
    const { payload } = user.tokens.accessToken;
    assert.equal(payload.client_id, test.project.clientId);
    assert.equal(payload.token_use, 'access');
    assert.equal(payload.scope, 'aws.cognito.signin.user.admin');
    assert.equal(payload.username, username);
    assert.equal(payload.sub, user.userSub);
    assert.equal(payload.origin_jti, user.tokens.idToken.payload.origin_jti);
    assert.equal(payload.email, undefined);
  });

  step('a back end can verify the tokens with the pool\'s public keys', async () => {
    const { keys } = await (await fetch(`${user.tokens.idToken.payload.iss}/.well-known/jwks.json`)).json();
    for (const token of [user.tokens.idToken, user.tokens.accessToken]) {
      const [header, payload, signature] = token.toString().split('.');
      const { kid, alg } = JSON.parse(Buffer.from(header, 'base64url'));
      const jwk = keys.find((key) => key.kid === kid);
      assert.equal(alg, 'RS256');
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      assert.ok(verify('sha256', Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url')));
      const changed = Buffer.from(`${header}.${payload.slice(0, -1)}${payload.at(-1) === 'A' ? 'B' : 'A'}`);
      assert.ok(!verify('sha256', changed, key, Buffer.from(signature, 'base64url')));
    }
  });

  step('standard and custom attributes are read back', async () => {
    assert.deepEqual(await auth.fetchUserAttributes(), { sub: user.userSub, email_verified: 'true', ...userAttributes });
  });

  step('attributes are updated', async () => {
    const result = await auth.updateUserAttributes({ userAttributes: { 'custom:display_name': 'Countess of Lovelace', locale: 'en_GB' } });
    assert.ok(Object.values(result).every((r) => r.isUpdated && r.nextStep.updateAttributeStep === 'DONE'), JSON.stringify(result));
    const attributes = await auth.fetchUserAttributes();
    assert.equal(attributes['custom:display_name'], 'Countess of Lovelace');
    assert.equal(attributes.locale, 'en_GB');
  });

  step('a forced refresh brings new tokens of the same sign-in', async () => {
    tap.calls.length = 0;
    const renewed = await auth.fetchAuthSession({ forceRefresh: true });
    assert.ok(targets().includes('GetTokensFromRefreshToken'));
    assert.notEqual(renewed.tokens.accessToken.toString(), user.tokens.accessToken.toString());
    assert.equal(renewed.tokens.accessToken.payload.origin_jti, user.tokens.accessToken.payload.origin_jti);
    assert.equal(renewed.tokens.idToken.payload.auth_time, user.tokens.idToken.payload.auth_time);
    assert.equal(renewed.tokens.idToken.payload['custom:display_name'], 'Countess of Lovelace');
    assert.equal(renewed.identityId, guest.identityId);
    user = renewed;
  });

  step('signOut revokes the refresh token and what came of it', async () => {
    const { users } = awsClients(test.server);
    const RefreshToken = await refreshToken(test.project.clientId);
    tap.calls.length = 0;
    await auth.signOut();
    assert.ok(targets().includes('RevokeToken'));
    await assert.rejects(auth.getCurrentUser(), named('UserUnAuthenticatedException'));
    await assert.rejects(users.send(new GetTokensFromRefreshTokenCommand({ ClientId: test.project.clientId, RefreshToken })), named('NotAuthorizedException'));
    await assert.rejects(users.send(new GetUserCommand({ AccessToken: user.tokens.accessToken.toString() })),
      named('NotAuthorizedException', 'Access Token has been revoked'));
  });

  step('after signOut the app is a guest again, with another identity', async () => {
    const session = await auth.fetchAuthSession();
    assert.equal(session.tokens, undefined);
    assert.notEqual(session.identityId, guest.identityId);
  });

  step('USER_PASSWORD_AUTH signs in too, and the identity is the user\'s own again', async () => {
    tap.calls.length = 0;
    assert.equal((await signIn({ authFlowType: 'USER_PASSWORD_AUTH' })).isSignedIn, true);
    assert.equal(tap.calls.find((c) => c.target === 'InitiateAuth').request.AuthFlow, 'USER_PASSWORD_AUTH');
    const session = await auth.fetchAuthSession();
    assert.equal(session.userSub, user.userSub);
    assert.equal(session.identityId, user.identityId);
  });

  step('signOut global ends every session of the user', async () => {
    const { users } = awsClients(test.server);
    const getUser = (AccessToken) => users.send(new GetUserCommand({ AccessToken }));
    const elsewhere = (await users.send(new InitiateAuthCommand({
      ClientId: test.project.clientId, AuthFlow: 'USER_PASSWORD_AUTH', AuthParameters: { USERNAME: username, PASSWORD: password },
    }))).AuthenticationResult;
    assert.equal(claims(elsewhere.AccessToken).sub, user.userSub);
    assert.equal((await getUser(elsewhere.AccessToken)).Username, username);
    await auth.signOut({ global: true });
    await assert.rejects(getUser(elsewhere.AccessToken), named('NotAuthorizedException', 'Access Token has been revoked'));
    await assert.rejects(users.send(new GetTokensFromRefreshTokenCommand({ ClientId: test.project.clientId, RefreshToken: elsewhere.RefreshToken })),
      named('NotAuthorizedException'));
  });
});
