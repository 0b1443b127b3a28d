// aws-amplify in Node: what identifyUser says in the categories analytics and in-app messaging, read back by the owner.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { GetUserEndpointsCommand } from '@aws-sdk/client-pinpoint';
import * as analytics from 'aws-amplify/analytics';
import { fetchAuthSession } from 'aws-amplify/auth';
import * as inApp from 'aws-amplify/in-app-messaging';
import * as profiles from 'aws-amplify/push-notifications/customer-profiles';
import { configureAmplify, muteWarnings } from '../lib/amplify.mjs';
import { awsClients } from '../lib/aws.mjs';
import { assertStored, everything, everythingStored, notifications, readEndpoint } from '../lib/identify.mjs';
import { useServer } from '../lib/testing.mjs';
import { tapFetch } from '../lib/wiretap.mjs';

const tap = tapFetch();
const test = useServer();
const { step } = test;
let owner, guest;

// Runs an identifyUser and returns the endpoint that it updated, as the owner then sees it.
async function identified(work) {
  tap.calls.length = 0;
  await work();
  const { url, status, answer } = tap.calls.find((call) => call.method === 'PUT');
  assert.equal(status, 202);
  assert.equal(answer.Message, 'Accepted');
  return readEndpoint(owner, test.project.appId, decodeURIComponent(url.pathname.split('/').at(-1)));
}

describe('aws-amplify in Node: identifyUser', () => {
  step('in analytics, with every field', async () => {
    muteWarnings();
    owner = awsClients(test.server);
    const { outputs, ...project } = test.project;
    configureAmplify({ ...outputs, notifications: notifications(project, test.server.region) }, test.server.url);
    guest = (await fetchAuthSession()).identityId;
    const stored = await identified(() => analytics.identifyUser({ userId: 'ada', ...everything }));
    assertStored(stored, {
      ...everythingStored, User: { UserId: 'ada', UserAttributes: { interests: ['soccer', 'shoes'] } },
      ChannelType: undefined, Address: undefined, OptOut: 'NONE', EndpointStatus: 'ACTIVE',
    });
  });

  step('in in-app messaging, with every field and an endpoint of its own', async () => {
    inApp.initializeInAppMessaging();
    const options = { address: 'ada@example.com', optOut: 'ALL', userAttributes: { interests: ['maths'], team: ['blue'] } };
    const stored = await identified(() => inApp.identifyUser({ userId: 'ada', userProfile: everything.userProfile, options }));
    assertStored(stored, {
      ...everythingStored, User: { UserId: 'ada', UserAttributes: { interests: ['maths'], team: ['blue'] } },
      ChannelType: 'IN_APP', Address: 'ada@example.com', OptOut: 'ALL', EndpointStatus: 'ACTIVE',
    });
  });

  step('both endpoints are the user\'s, and show the user\'s attributes', async () => {
    const { EndpointsResponse } = await owner.audience.send(new GetUserEndpointsCommand({ ApplicationId: test.project.appId, UserId: 'ada' }));
    assert.deepEqual(EndpointsResponse.Item.map((e) => e.ChannelType).sort(), ['IN_APP', undefined]);
    for (const { User } of EndpointsResponse.Item) assert.deepEqual(User.UserAttributes, { interests: ['maths'], team: ['blue'] });
  });

  step('fields that are left empty, and a bare string for a list', async () => {
    const stored = await identified(() => inApp.identifyUser({
      userId: 'ada', userProfile: { email: '', name: '', plan: '', customProperties: { hobbies: 'chess', languages: [] }, demographic: { locale: '' }, metrics: {} },
      options: { optOut: 'NONE' },
    }));
    assertStored(stored, {
      ...everythingStored, Attributes: { ...everythingStored.Attributes, hobbies: ['chess'], languages: [] },
      Address: 'ada@example.com', OptOut: 'NONE',
    });
  });

  step('another user on the same device takes the endpoint over', async () => {
    const stored = await identified(() => analytics.identifyUser({ userId: 'us-east-1:b/o b%40', userProfile: {} }));
    assertStored(stored, { ...everythingStored, User: { UserId: 'us-east-1:b/o b%40' } });
    const { EndpointsResponse } = await owner.audience.send(new GetUserEndpointsCommand({ ApplicationId: test.project.appId, UserId: 'us-east-1:b/o b%40' }));
    assert.deepEqual(EndpointsResponse.Item.map((e) => e.Id), [stored.Id]);
  });

  step('to customer profiles: a guest is an endpoint and a user of the app', async () => {
    await profiles.identifyUser({
      userProfile: {
        email: 'eve@example.com', name: 'Eve', phone: '+15555550100', location: { city: 'Lyon', country: 'FR', postalCode: '69001', region: 'ARA' },
        customAttributes: { plan: 'gold' },
      },
    });
    assertStored(await readEndpoint(owner, test.project.appId, guest), {
      User: { UserId: guest, UserAttributes: { email: ['eve@example.com'], name: ['Eve'], phone: ['+15555550100'], plan: ['gold'] } },
      Location: { City: 'Lyon', Country: 'FR', PostalCode: '69001', Region: 'ARA' },
    });
    await assert.rejects(profiles.identifyUser({ userProfile: { name: 'x'.repeat(101) } }), { name: 'ServiceException', message: /status 400/ });
  });
});
