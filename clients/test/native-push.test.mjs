// aws-amplify's push notifications for React Native, in Node: a phone registers its token, its user is identified, and the
// owner reads both back; in Pinpoint's provider and in the one of customer profiles.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetUserEndpointsCommand } from '@aws-sdk/client-pinpoint';
import { muteWarnings } from '../lib/amplify.mjs';
import { awsClients } from '../lib/aws.mjs';
import { assertStored, everything, everythingStored, notifications, readEndpoint } from '../lib/identify.mjs';
import { startNativeApp } from '../lib/reactnative.mjs';
import { useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const tap = tapFetch();
const test = useServer();
const { step } = test;
let owner;

function configure(app) {
  const { outputs, ...project } = test.project;
  app.Amplify.configure(app.configure(app.parseAmplifyConfig({ ...outputs, notifications: notifications(project, test.server.region) }), test.server.url));
}

// Does something on a phone and returns the endpoint that it updated, as the owner then sees it, and what the phone said.
async function updated(work) {
  tap.calls.length = 0;
  await work();
  const call = tap.calls.find((c) => c.method === 'PUT');
  assert.equal(call.status, 202);
  return { said: call.request, stored: await readEndpoint(owner, test.project.appId, call.url.pathname.split('/').at(-1)) };
}

for (const { os, version, debug, channel } of [
  { os: 'android', version: 34, channel: 'GCM' },
  { os: 'ios', version: '17.5', channel: 'APNS' },
  { os: 'ios', version: '17.5', debug: true, channel: 'APNS_SANDBOX' },
]) {
  describe(`aws-amplify for React Native: push on ${os}, ${channel}`, () => {
    let app, guest, id;
    const user = `ada-${channel}`;

    step('the token makes an endpoint', async () => {
      muteWarnings();
      owner = awsClients(test.server);
      app = await startNativeApp(os, version, { debug });
      configure(app);
      app.push.initializePushNotifications();
      const { said, stored } = await updated(() => app.receiveToken(`token-${channel}-1`));
      guest = (await app.auth.fetchAuthSession()).identityId;
      ({ Id: id } = stored);
      const demographic = Object.fromEntries(Object.entries(said.Demographic).filter(([, value]) => value !== null));
      assert.equal(demographic.Platform, os);
      assertStored(stored, {
        ChannelType: channel, Address: `token-${channel}-1`, Demographic: demographic, User: { UserId: guest }, EndpointStatus: 'ACTIVE', OptOut: 'NONE',
      });
    });

    step('identifyUser with every field', async () => {
      const { stored } = await updated(() => app.push.identifyUser({
        userId: user, userProfile: everything.userProfile, options: { ...everything.options, address: `token-${channel}-2`, optOut: 'ALL' },
      }));
      assertStored(stored, {
        ...everythingStored, Id: id, ChannelType: channel, Address: `token-${channel}-2`, OptOut: 'ALL',
        User: { UserId: user, UserAttributes: everything.options.userAttributes },
      });
    });

    step('identifyUser with nothing but a user', async () => {
      const { said, stored } = await updated(() => app.push.identifyUser({ userId: user }));
      assert.equal(said.Address, undefined);
      assertStored(stored, { ...everythingStored, Id: id, ChannelType: channel, Address: `token-${channel}-2`, OptOut: 'ALL' });
    });

    step('a message of a campaign that arrives is an event of the endpoint', async () => {
      const campaign = { campaign_id: `c-${channel}`, campaign_activity_id: 'a', treatment_id: '0' };
      await app.receiveMessage(os === 'android'
        ? { data: Object.fromEntries(Object.entries(campaign).map(([name, value]) => [`pinpoint.campaign.${name}`, value])) }
        : { data: { pinpoint: { campaign } } });
      const { endpointId, event, result } = await tap.event('_campaign.received_foreground', (e) => e.Attributes.campaign_id === campaign.campaign_id);
      assert.equal(endpointId, id);
      assert.deepEqual(event.Attributes, campaign);
      assert.deepEqual(result, { StatusCode: 202, Message: 'Accepted' });
    });

    step('a new token replaces the old one', async () => {
      const { stored } = await updated(() => app.receiveToken(`token-${channel}-3`));
      assertStored(stored, { Id: id, Address: `token-${channel}-3`, ...everythingStored });
    });
  });
}

describe('aws-amplify for React Native: customer profiles', () => {
  let app, guest;
  const devices = async () => {
    const { EndpointsResponse } = await owner.audience.send(new GetUserEndpointsCommand({ ApplicationId: test.project.appId, UserId: guest }));
    return EndpointsResponse.Item.filter((e) => e.Id !== guest);
  };

  step('the token registers the device of a guest', async () => {
    app = await startNativeApp('android', 34);
    configure(app);
    app.profiles.initializePushNotifications();
    await app.receiveToken('profile-token');
    guest = (await app.auth.fetchAuthSession()).identityId;
    const [device, ...others] = await devices();
    assert.equal(others.length, 0);
    assertStored(device, { ChannelType: 'GCM', Address: 'profile-token', Demographic: { Platform: 'android' }, User: { UserId: guest } });
  });

  step('identifyUser tells about the user of the device', async () => {
    await app.profiles.identifyUser({ userProfile: { name: 'Eve', location: { city: 'Lyon', country: 'FR' }, customAttributes: { plan: 'gold' } } });
    const [device] = await devices();
    assertStored(device, { User: { UserId: guest, UserAttributes: { name: ['Eve'], plan: ['gold'] } }, Location: { City: 'Lyon', Country: 'FR' } });
  });

  step('a new token is the same device\'s', async () => {
    await app.profiles.registerDevice({ token: 'second-token' });
    assert.deepEqual((await devices()).map((e) => e.Address), ['second-token']);
  });

  step('removing the device takes the permission to delete endpoints', async () => {
    await assert.rejects(app.profiles.removeDevice(), { name: 'ServiceException', message: /status 403/ });
    await owner.access.send(new PutRolePolicyCommand({
      RoleName: 'Shop-guest', PolicyName: 'devices', PolicyDocument: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action: 'mobiletargeting:DeleteEndpoint', Resource: `arn:aws:mobiletargeting:*:${test.server.account}:apps/${test.project.appId}/endpoints/*` }],
      }),
    }));
    await app.profiles.removeDevice();
    assert.deepEqual(await devices(), []);
  });
});
