// Debian's AWS CLI with profiles that assume roles. It is told nothing of the server: it calls
// Amazon's names, and a proxy leads every name to the server, as DNS would.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { promisify } from 'node:util';
import { GetIdCommand, GetOpenIdTokenCommand, UpdateIdentityPoolCommand } from '@aws-sdk/client-cognito-identity';
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, PutRolePolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { awsClients } from '../lib/aws.mjs';
import { selfSigned } from '../lib/browser.mjs';
import { cleanEnvironment } from '../lib/server.mjs';
import { findProgram, useServer } from '../lib/testing.mjs';

const cli = findProgram('The AWS CLI', 'AWS_CLI', ['/usr/bin/aws']);

/** A proxy that leads every CONNECT to one port of this machine, and tells which hosts were asked for. */
async function proxyTo(port) {
  const asked = [];
  const proxy = http.createServer().on('connect', (request, client) => {
    asked.push(request.url);
    const server = net.connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      server.pipe(client).pipe(server);
    });
    server.on('error', () => client.destroy());
    client.on('error', () => server.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return { proxy, asked, url: `http://127.0.0.1:${proxy.address().port}` };
}

const policy = (...statements) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

describe('the AWS CLI with profiles', { skip: cli.skip }, () => {
  let tls, folder, proxied;
  const test = useServer({ tls: async () => (tls = await selfSigned('*.us-east-1.amazonaws.com', '*.amazonaws.com')) });
  const { step } = test;
  after(async () => {
    proxied?.proxy.closeAllConnections();
    proxied?.proxy.close();
    if (folder) await rm(folder, { recursive: true, force: true });
    await tls?.remove();
  });

  const aws = async (profile, ...args) => {
    const { stdout } = await promisify(execFile)(cli.program, [...args, '--profile', profile, '--output', 'json'], {
      env: {
        ...cleanEnvironment(), HTTPS_PROXY: proxied.url, AWS_PAGER: '', AWS_EC2_METADATA_DISABLED: 'true', HOME: folder,
        AWS_CONFIG_FILE: join(folder, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(folder, 'none'), AWS_CA_BUNDLE: tls.certificate, AWS_STS_REGIONAL_ENDPOINTS: 'regional',
      },
    });
    return JSON.parse(stdout);
  };

  step('a user, and roles that trust the user and an identity pool', async () => {
    proxied = await proxyTo(new URL(test.server.url).port);
    folder = await mkdtemp(join(tmpdir(), 'pintail-profiles-'));
    const { account } = test.server;
    const { access, identities } = awsClients(test.server);
    await access.send(new CreateUserCommand({ UserName: 'ada' }));
    await access.send(new PutUserPolicyCommand({ UserName: 'ada', PolicyName: 'assume', PolicyDocument: policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: '*' }) }));
    const { AccessKey } = await access.send(new CreateAccessKeyCommand({ UserName: 'ada' }));
    const look = policy({ Effect: 'Allow', Action: 'mobiletargeting:GetApps', Resource: '*' });
    for (const [RoleName, trust] of [
      ['worker', { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'sts:ExternalId': 'agreed-1' } } }],
      ['visitor', {
        Effect: 'Allow', Principal: { Federated: 'cognito-identity.amazonaws.com' }, Action: 'sts:AssumeRoleWithWebIdentity',
        Condition: { StringEquals: { 'cognito-identity.amazonaws.com:aud': test.project.identityPoolId } },
      }],
    ]) {
      await access.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: policy(trust) }));
      await access.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'look', PolicyDocument: look }));
    }
    const IdentityPoolId = test.project.identityPoolId;
    await identities.send(new UpdateIdentityPoolCommand({ IdentityPoolId, IdentityPoolName: 'Shop', AllowUnauthenticatedIdentities: true, AllowClassicFlow: true }));
    const { IdentityId } = await identities.send(new GetIdCommand({ IdentityPoolId }));
    const { Token } = await identities.send(new GetOpenIdTokenCommand({ IdentityId }));
    await writeFile(join(folder, 'token'), Token);
    const role = (name) => `role_arn = arn:aws:iam::${account}:role/${name}\nrole_session_name = shift\n`;
    await writeFile(join(folder, 'config'), [
      `[profile ada]\naws_access_key_id = ${AccessKey.AccessKeyId}\naws_secret_access_key = ${AccessKey.SecretAccessKey}\n`,
      `[profile worker]\n${role('worker')}source_profile = ada\nexternal_id = agreed-1\n`,
      `[profile stranger]\n${role('worker')}source_profile = ada\nexternal_id = guessed\n`,
      `[profile visitor]\n${role('visitor')}web_identity_token_file = ${join(folder, 'token')}\n`,
    ].map((profile) => `${profile}region = us-east-1\n`).join('\n'));
  });

  step('the user is who the key says, and may do little', async () => {
    assert.equal((await aws('ada', 'sts', 'get-caller-identity')).Arn, `arn:aws:iam::${test.server.account}:user/ada`);
    await assert.rejects(aws('ada', 'pinpoint', 'get-apps'), /AccessDeniedException.*user\/ada is not authorized to perform: mobiletargeting:GetApps/s);
  });

  for (const profile of ['worker', 'visitor']) {
    step(`role_arn of the profile ${profile} is assumed, and is what may be done`, async () => {
      assert.equal((await aws(profile, 'sts', 'get-caller-identity')).Arn, `arn:aws:sts::${test.server.account}:assumed-role/${profile}/shift`);
      const { ApplicationsResponse } = await aws(profile, 'pinpoint', 'get-apps');
      assert.equal(ApplicationsResponse.Item[0].Id, test.project.appId);
      await assert.rejects(aws(profile, 'cognito-idp', 'list-user-pools', '--max-results', '1'), /AccessDeniedException/);
    });
  }

  step('a wrong external id is refused', () => assert.rejects(aws('stranger', 'pinpoint', 'get-apps'), /AccessDenied.*sts:AssumeRole/s));

  step('every call went to Amazon\'s names', () => {
    assert.deepEqual([...new Set(proxied.asked)].sort(),
      ['cognito-idp.us-east-1.amazonaws.com:443', 'pinpoint.us-east-1.amazonaws.com:443', 'sts.us-east-1.amazonaws.com:443']);
  });
});
