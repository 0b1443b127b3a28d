// Debian's AWS CLI, told nothing but --endpoint-url and the server's credentials file; and the settings that pintail prints for clients.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { SignUpCommand } from '@aws-sdk/client-cognito-identity-provider';
import { parseAmplifyConfig } from 'aws-amplify/utils';
import { awsClients } from '../lib/aws.mjs';
import { cleanEnvironment } from '../lib/server.mjs';
import { findProgram, useServer } from '../lib/testing.mjs';

const cli = findProgram('The AWS CLI', 'AWS_CLI', ['/usr/bin/aws']);
const test = useServer();

/** Runs the AWS CLI and returns its JSON answer; a failure has exit code and stderr. */
async function aws(args, environment = {}) {
  const { stdout } = await promisify(execFile)(cli.program, [...args, '--endpoint-url', test.server.url, '--region', test.server.region, '--output', 'json'], {
    env: {
      ...cleanEnvironment(), NO_PROXY: '127.0.0.1', AWS_PAGER: '', AWS_EC2_METADATA_DISABLED: 'true', AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: join(test.server.data, 'credentials'), ...environment,
    },
  });
  return JSON.parse(stdout);
}

describe('the AWS CLI', { skip: cli.skip }, () => {
  const { step } = test;

  step('sts get-caller-identity: the root user of the account', async () => {
    const { account } = test.server;
    assert.deepEqual(await aws(['sts', 'get-caller-identity']), { UserId: account, Account: account, Arn: `arn:aws:iam::${account}:root` });
  });

  step('cognito-idp list-user-pools', async () => {
    const { UserPools } = await aws(['cognito-idp', 'list-user-pools', '--max-results', '10']);
    assert.deepEqual(UserPools.map(({ Id, Name }) => ({ Id, Name })), [{ Id: test.project.userPoolId, Name: 'Shop' }]);
  });

  step('cognito-idp describe-user-pool', async () => {
    const { UserPool } = await aws(['cognito-idp', 'describe-user-pool', '--user-pool-id', test.project.userPoolId]);
    assert.equal(UserPool.Arn, `arn:aws:cognito-idp:us-east-1:${test.server.account}:userpool/${test.project.userPoolId}`);
    assert.deepEqual(UserPool.AutoVerifiedAttributes, ['email']);
    assert.equal(UserPool.Policies.PasswordPolicy.MinimumLength, 12);
    const custom = UserPool.SchemaAttributes.find((a) => a.Name === 'custom:display_name');
    assert.deepEqual(custom.StringAttributeConstraints, { MinLength: '1', MaxLength: '64' });
    assert.ok(Math.abs(Date.now() - new Date(UserPool.CreationDate)) < 600_000, UserPool.CreationDate);
  });

  step('cognito-idp list-users', async () => {
    await awsClients(test.server).users.send(new SignUpCommand({
      ClientId: test.project.clientId, Username: 'ada', Password: 'Analytical-Engine-1843', UserAttributes: [{ Name: 'email', Value: 'ada@example.com' }],
    }));
    const { Users } = await aws(['cognito-idp', 'list-users', '--user-pool-id', test.project.userPoolId]);
    assert.deepEqual(Users.map((u) => [u.Username, u.UserStatus, u.Enabled]), [['ada', 'UNCONFIRMED', true]]);
  });

  step('iam get-role: the trust policy as it was written', async () => {
    const { Role } = await aws(['iam', 'get-role', '--role-name', 'Shop-guest']);
    assert.equal(Role.Arn, test.project.roles.guest.arn);
    assert.deepEqual(Role.AssumeRolePolicyDocument, test.project.roles.guest.trust);
  });

  step('pinpoint get-apps', async () => {
    const { ApplicationsResponse } = await aws(['pinpoint', 'get-apps']);
    assert.deepEqual(ApplicationsResponse.Item.map(({ Id, Name }) => ({ Id, Name })), [{ Id: test.project.appId, Name: 'Shop' }]);
  });

  step('a wrong secret is refused by every service', async () => {
    const wrong = { AWS_ACCESS_KEY_ID: test.server.credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) };
    for (const [args, code] of [
      [['sts', 'get-caller-identity'], 'SignatureDoesNotMatch'],
      [['iam', 'get-role', '--role-name', 'Shop-guest'], 'SignatureDoesNotMatch'],
      [['cognito-idp', 'list-user-pools', '--max-results', '10'], 'InvalidSignatureException'],
      [['pinpoint', 'get-apps'], 'InvalidSignatureException'],
    ]) {
      await assert.rejects(aws(args, wrong), (error) => {
        assert.notEqual(error.code, 0);
        assert.match(error.stderr, new RegExp(`An error occurred \\(${code}\\) when calling the`));
        return true;
      });
    }
  });

  step('an access key that the server does not know is refused', () => assert.rejects(
    aws(['sts', 'get-caller-identity'], { AWS_ACCESS_KEY_ID: 'AKIAAAAAAAAAAAAAAAAA', AWS_SECRET_ACCESS_KEY: 'x'.repeat(40) }), /InvalidClientTokenId/));
});

describe('pintail env', () => {
  it('--format amplify prints the amplify_outputs.json of the project', async () => {
    const outputs = JSON.parse(await test.server.pintail('env', '--format', 'amplify'));
    const { Auth, Analytics } = parseAmplifyConfig(outputs);
    const expected = parseAmplifyConfig(test.project.outputs);
    assert.deepEqual(Analytics, expected.Analytics);
    for (const name of ['userPoolId', 'userPoolClientId', 'identityPoolId', 'allowGuestAccess']) assert.equal(Auth.Cognito[name], expected.Auth.Cognito[name], name);
  });
});
