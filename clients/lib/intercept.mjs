// Changes what passes between a page and the user pool: what a page could do that is not the client's, or somebody between.

/** Lets change(body) alter the one request of an operation that is made while work() runs. */
export const changeRequest = (tab, operation, change, work) => between(tab, operation, async (route, request) => {
  const body = request.postDataJSON();
  change(body);
  await route.continue({ postData: JSON.stringify(body) });
}, work);

/** Lets change(body) alter the answer to the one request of an operation that is made while work() runs. */
export const changeAnswer = (tab, operation, change, work) => between(tab, operation, async (route) => {
  const response = await route.fetch();
  const json = await response.json();
  change(json);
  await route.fulfill({ response, json });
}, work);

async function between(tab, operation, handle, work) {
  let met = 0;
  let failure; // an error that the browser would only see as a request without an answer
  await tab.route('**', async (route, request) => {
    if (!(request.headers()['x-amz-target'] ?? '').endsWith(`.${operation}`)) return route.continue();
    met++;
    return handle(route, request).catch((error) => {
      failure = error;
      return route.abort();
    });
  });
  try {
    await work();
  } catch (error) {
    throw failure ?? error;
  } finally {
    await tab.unroute('**');
  }
  if (met !== 1) throw new Error(`there were ${met} requests of ${operation}`);
}
