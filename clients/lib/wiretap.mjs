// Listens to what a client in this process says through fetch, without
// changing a byte. Amplify sends events behind the caller's back, so this is
// how the demo and the tests learn that the server took them.

/** Starts listening. Requests are kept in calls; a call has url, method, target, request and answer (parsed JSON), status. */
export function tapFetch() {
  const fetch = globalThis.fetch;
  const calls = [];
  const waiting = new Set();

  globalThis.fetch = async (input, init) => {
    const call = {
      url: new URL(input), method: init?.method ?? 'GET', request: parse(init?.body),
      target: new Headers(init?.headers).get('x-amz-target')?.split('.')[1],
    };
    const response = await fetch(input, init);
    call.status = response.status;
    call.answer = parse(await response.clone().text());
    calls.push(call);
    for (const waiter of waiting) waiter(call);
    return response;
  };

  /** The first call, past or future, for which match(call) is true. */
  async function call(what, match, timeout = 30_000) {
    const past = calls.find(match);
    if (past) return past;
    let waiter, timer;
    const future = new Promise((resolve, reject) => {
      waiter = (call) => match(call) && resolve(call);
      timer = setTimeout(() => reject(new Error(`${what} did not happen within ${timeout / 1000} s`)), timeout);
      waiting.add(waiter);
    });
    return future.finally(() => { waiting.delete(waiter); clearTimeout(timer); });
  }

  /** The answer to one recorded event: {endpointId, event, result: {StatusCode, Message}}. With "match", to the first for which it is true. */
  async function event(name, match = () => true) {
    const meant = (e) => e.event.EventType === name && match(e.event);
    const { request, answer, status } = await call(`the event ${name}`, (c) => c.url.pathname.endsWith('/events') && eventsOf(c).some(meant));
    const { endpointId, eventId, event } = eventsOf({ request }).find(meant);
    return { endpointId, event, status, result: answer.Results?.[endpointId]?.EventsItemResponse?.[eventId] };
  }

  return { calls, call, event };
}

const eventsOf = ({ request }) => Object.entries(request.BatchItem ?? {}).flatMap(([endpointId, item]) =>
  Object.entries(item.Events).map(([eventId, event]) => ({ endpointId, eventId, event })));

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
