// What the server knows about a person after the app has been used, asked as the project's owner.
import { AdminGetUserCommand } from '@aws-sdk/client-cognito-identity-provider';
import { GetUserEndpointsCommand } from '@aws-sdk/client-pinpoint';
import { awsClients } from '../lib/aws.mjs';

/** The user of the pool, the endpoints of the same person in Pinpoint, what they did, who was active, and the server's own counts. */
export async function whatTheServerKnows(server, project, username, userId) {
  const { users, audience } = awsClients(server);
  const user = await users.send(new AdminGetUserCommand({ UserPoolId: project.userPoolId, Username: username }));
  const { EndpointsResponse } = await audience.send(new GetUserEndpointsCommand({ ApplicationId: project.appId, UserId: userId }));
  const { Counts: counts } = JSON.parse(await server.pintail('status', '--json'));
  const activity = JSON.parse(await server.pintail('status', '--json', '--app', project.appId));
  return {
    user: { status: user.UserStatus, attributes: Object.fromEntries(user.UserAttributes.map(({ Name, Value }) => [Name, Value])) },
    endpoints: EndpointsResponse.Item,
    counts,
    events: Object.fromEntries(activity.Events.map(({ Type, Count }) => [Type, Count])),
    active: { endpoints: activity.Endpoints, users: activity.Users },
  };
}
