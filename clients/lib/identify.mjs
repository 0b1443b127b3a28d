// What an app can say about its user, every field of it, and how the owner reads it back.
import assert from 'node:assert/strict';
import { GetEndpointCommand } from '@aws-sdk/client-pinpoint';

/** Everything that identifyUser takes, in all three categories. */
export const everything = {
  userProfile: {
    email: 'ada@example.com',
    name: 'Ada Lovelace',
    plan: 'gold',
    customProperties: { hobbies: ['cooking', 'knitting'], languages: ['en'] },
    demographic: {
      appVersion: '3.2.0', locale: 'en_US', make: 'Apple', model: 'iPhone', modelVersion: '13',
      platform: 'iOS', platformVersion: '15', timezone: 'America/Los_Angeles',
    },
    location: { city: 'Seattle', country: 'US', postalCode: '98121', region: 'WA', latitude: 47.6, longitude: -122.3 },
    metrics: { logins: 157, score: -0.5 },
  },
  options: { userAttributes: { interests: ['soccer', 'shoes'] } },
};

/** The same as an endpoint's members. */
export const everythingStored = {
  Attributes: {
    email: ['ada@example.com'], name: ['Ada Lovelace'], plan: ['gold'], hobbies: ['cooking', 'knitting'], languages: ['en'],
  },
  Demographic: {
    AppVersion: '3.2.0', Locale: 'en_US', Make: 'Apple', Model: 'iPhone', ModelVersion: '13',
    Platform: 'iOS', PlatformVersion: '15', Timezone: 'America/Los_Angeles',
  },
  Location: { City: 'Seattle', Country: 'US', PostalCode: '98121', Region: 'WA', Latitude: 47.6, Longitude: -122.3 },
  Metrics: { logins: 157, score: -0.5 },
};

/** The notifications part of an amplify_outputs.json: in-app messages, push notifications, customer profiles. */
export const notifications = ({ appId }, region) => ({
  aws_region: region, amazon_pinpoint_app_id: appId, channels: ['IN_APP_MESSAGING', 'FCM', 'APNS'],
  amazon_connect: { aws_region: region, endpoint: `https://pintail.execute-api.${region}.amazonaws.com/${appId}` },
});

/** An endpoint as its owner sees it. */
export const readEndpoint = async ({ audience }, ApplicationId, EndpointId) =>
  (await audience.send(new GetEndpointCommand({ ApplicationId, EndpointId }))).EndpointResponse;

/** Checks members of a stored endpoint; one that is expected to be undefined must be absent. */
export function assertStored(stored, expected) {
  for (const [member, value] of Object.entries(expected)) assert.deepEqual(stored[member], value, member);
}
