// Sets up what an app needs, as its owner would with the AWS SDK: a Pinpoint
// app, a user pool with one client, an identity pool, and a role each for
// guests and for signed-in users.
import { CreateIdentityPoolCommand, SetIdentityPoolRolesCommand } from '@aws-sdk/client-cognito-identity';
import { CreateUserPoolClientCommand, CreateUserPoolCommand, SetUserPoolMfaConfigCommand } from '@aws-sdk/client-cognito-identity-provider';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateAppCommand } from '@aws-sdk/client-pinpoint';
import { awsClients } from './aws.mjs';

/**
 * Creates a project on an empty server.
 * @param {object} server
 * @param {object} options
 * @param {string} [options.name] begins the names of everything
 * @param {string[]} [options.usernameAttributes] for example ['email']: people sign in with their address
 * @param {object} [options.pool] further members of CreateUserPool, and those that replace the ones here
 * @param {object} [options.mfa] members of SetUserPoolMfaConfig, called if there are any
 * @param {object} [options.client] further members of CreateUserPoolClient
 * @param {(what: string, work: () => Promise<any>, show: (result: any) => string) => Promise<any>} [options.step]
 *   runs and reports one call (the demo)
 */
export async function createProject(server, { name = 'Shop', usernameAttributes, pool, mfa, client, step = (_, work) => work() } = {}) {
  const aws = awsClients(server);
  const { Id: appId } = await step('Create a Pinpoint app', async () =>
    (await aws.audience.send(new CreateAppCommand({ CreateApplicationRequest: { Name: name } }))).ApplicationResponse, (app) => `app ${app.Id}`);
  const userPoolId = await step('Create a user pool with custom:display_name', async () =>
    (await aws.users.send(new CreateUserPoolCommand({ ...userPool(name, usernameAttributes), ...pool }))).UserPool.Id, (id) => `pool ${id}`);
  if (mfa) await aws.users.send(new SetUserPoolMfaConfigCommand({ UserPoolId: userPoolId, ...mfa }));
  const clientId = await step('Create its app client, without a secret', async () =>
    (await aws.users.send(new CreateUserPoolClientCommand({ ...poolClient(name, userPoolId), ...client }))).UserPoolClient.ClientId, (id) => `client ${id}`);
  const identityPoolId = await step('Create an identity pool, guests allowed', async () =>
    (await aws.identities.send(new CreateIdentityPoolCommand(identityPool(name, server.region, userPoolId, clientId)))).IdentityPoolId, (id) => `pool ${id}`);

  const createRole = async (who, amr) => {
    const RoleName = `${name}-${who}`;
    const trust = trustPolicy(identityPoolId, amr);
    const { Role } = await aws.access.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
    await aws.access.send(new PutRolePolicyCommand({
      RoleName, PolicyName: 'analytics', PolicyDocument: JSON.stringify(analyticsPolicy(server.account, appId)),
    }));
    return { name: RoleName, arn: Role.Arn, trust };
  };
  const guest = await step('Create the guests\' role, least privilege', () => createRole('guest', 'unauthenticated'), (role) => role.arn);
  const user = await step('Create the users\' role, least privilege', () => createRole('user', 'authenticated'), (role) => role.arn);
  await step('Give both roles to the identity pool', () => aws.identities.send(new SetIdentityPoolRolesCommand({
    IdentityPoolId: identityPoolId, Roles: { unauthenticated: guest.arn, authenticated: user.arn },
  })), () => 'set');

  const project = { name, appId, userPoolId, clientId, identityPoolId, roles: { guest, user } };
  return { ...project, outputs: amplifyOutputs(project, server.region, usernameAttributes) };
}

const userPool = (name, usernameAttributes) => ({
  PoolName: name,
  UsernameAttributes: usernameAttributes,
  AutoVerifiedAttributes: ['email'],
  Schema: [{
    Name: 'display_name', AttributeDataType: 'String', Mutable: true,
    StringAttributeConstraints: { MinLength: '1', MaxLength: '64' },
  }],
  Policies: {
    PasswordPolicy: { MinimumLength: 12, RequireUppercase: true, RequireLowercase: true, RequireNumbers: true, RequireSymbols: true },
  },
});

const poolClient = (name, userPoolId) => ({
  UserPoolId: userPoolId,
  ClientName: `${name}-app`,
  GenerateSecret: false,
  ExplicitAuthFlows: ['ALLOW_USER_SRP_AUTH', 'ALLOW_USER_PASSWORD_AUTH', 'ALLOW_REFRESH_TOKEN_AUTH'],
  EnableTokenRevocation: true,
});

const identityPool = (name, region, userPoolId, clientId) => ({
  IdentityPoolName: name,
  AllowUnauthenticatedIdentities: true,
  CognitoIdentityProviders: [{ ProviderName: `cognito-idp.${region}.amazonaws.com/${userPoolId}`, ClientId: clientId }],
});

// Who may take the role: identities of this one pool that are guests ("unauthenticated") or signed in.
const trustPolicy = (identityPoolId, amr) => ({
  Version: '2012-10-17',
  Statement: [{
    Effect: 'Allow',
    Principal: { Federated: 'cognito-identity.amazonaws.com' },
    Action: 'sts:AssumeRoleWithWebIdentity',
    Condition: {
      StringEquals: { 'cognito-identity.amazonaws.com:aud': identityPoolId },
      'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': amr },
    },
  }],
});

// What Amplify's own policy means; written as "apps/APPID*" there, which also allows whatever else begins so.
const analyticsPolicy = (account, appId) => ({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: 'mobiletargeting:UpdateEndpoint', Resource: `arn:aws:mobiletargeting:*:${account}:apps/${appId}/endpoints/*` },
    { Effect: 'Allow', Action: 'mobiletargeting:PutEvents', Resource: `arn:aws:mobiletargeting:*:${account}:apps/${appId}/events` },
  ],
});

// The project as an amplify_outputs.json (Amplify Gen 2).
const amplifyOutputs = (project, region, usernameAttributes = []) => ({
  version: '1.3',
  auth: {
    aws_region: region,
    user_pool_id: project.userPoolId,
    user_pool_client_id: project.clientId,
    identity_pool_id: project.identityPoolId,
    unauthenticated_identities_enabled: true,
    username_attributes: usernameAttributes,
    user_verification_types: ['email'],
  },
  analytics: { amazon_pinpoint: { aws_region: region, app_id: project.appId } },
});
