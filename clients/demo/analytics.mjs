// The numbers about a project, asked as its owner through the AWS SDK.
import { setTimeout as pause } from 'node:timers/promises';
import { GetApplicationDateRangeKpiCommand } from '@aws-sdk/client-pinpoint';
import { awsClients } from '../lib/aws.mjs';

// Each row is shown with its groups and values. Parameters that the SDK does not know go into the query string.
const questions = [
  ['daily-active-endpoints'], ['daily-active-users'], ['new-endpoints'], ['sign-ups'], ['sign-ins'], ['failed-sign-ins'],
  ['funnel', { steps: 'product.viewed,cart.added,order.placed', window: '1h' }],
  ['events', { interval: 'none', metric: 'total', filter: 'event-type:order.placed' }],
];

/** Asks a KPI and returns its rows, each as an object of its groups and values. */
export async function kpi(server, project, KpiName, parameters = {}) {
  const { audience } = awsClients(server);
  audience.middlewareStack.add((next) => (args) => {
    Object.assign(args.request.query, parameters);
    return next(args);
  }, { step: 'build' });
  const { ApplicationDateRangeKpiResponse: { KpiResult } } = await audience.send(new GetApplicationDateRangeKpiCommand({ ApplicationId: project.appId, KpiName }));
  const value = ({ Type, Value }) => (Type === 'Double' ? Number(Value) : Value);
  return KpiResult.Rows.map((row) => Object.fromEntries([...row.GroupedBys, ...row.Values].map((v) => [v.Key, value(v)])));
}

/** The answers to the demo's questions, as [name, rows]. The pool's reports follow what they are about by a moment. */
export async function askAll(server, project) {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await pause(50)) {
    const reported = await kpi(server, project, 'events', { interval: 'none', filter: 'event-type:_userauth.sign_up,_userauth.sign_in,_userauth.auth_fail' });
    if (reported.length === 3) break;
  }
  return Promise.all(questions.map(async ([name, parameters]) => [name, await kpi(server, project, name, parameters)]));
}
