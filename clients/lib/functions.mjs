// Lambda functions of a user pool, served to a Pintail server by webhook (docs/operations.md, "Lambda triggers").
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const arn = (name) => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

/**
 * Serves functions, which take Lambda's event and return it, each under its trigger's name. What one throws is its
 * refusal. Returns the server's flags, the pool's LambdaConfig, the events that came, and close().
 */
export async function serveFunctions(functions) {
  const secret = randomBytes(32).toString('hex');
  const events = [];
  const server = http.createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray());
    const work = functions[request.url.slice(1)];
    try {
      if (!work || !signed(request.headers, body, secret)) throw new Error(`${request.url} is no call of the server's`);
      const event = JSON.parse(body);
      events.push(structuredClone(event));
      response.end(JSON.stringify(await work(event)));
    } catch ({ name, message }) {
      response.statusCode = 500;
      response.end(JSON.stringify({ errorType: name, errorMessage: message }));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'pintail-functions-'));
  const file = join(folder, 'triggers.json');
  const each = (make) => Object.fromEntries(Object.keys(functions).map(make));
  const webhook = (name) => ({ webhook: { url: `http://127.0.0.1:${server.address().port}/${name}`, secret } });
  await writeFile(file, JSON.stringify({ triggers: each((name) => [arn(name), webhook(name)]) }));
  return {
    args: ['--triggers', file], lambdaConfig: each((name) => [name, arn(name)]), events,
    async close() {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function signed(headers, body, secret) {
  const timestamp = headers['pintail-timestamp'] ?? '';
  const sum = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest();
  const given = Buffer.from((headers['pintail-signature'] ?? '').replace(/^v1=/, ''), 'hex');
  return Math.abs(Date.now() / 1000 - timestamp) < 300 && given.length === sum.length && timingSafeEqual(given, sum);
}

/**
 * The functions of a custom sign-in that asks a riddle, three times at most, after the password where the app begins
 * with it. DefineAuthChallenge decides, CreateAuthChallenge asks, VerifyAuthChallengeResponse judges.
 */
export const riddle = {
  DefineAuthChallenge(event) {
    const { session } = event.request;
    const last = session.at(-1);
    const tries = session.filter((round) => round.challengeName === 'CUSTOM_CHALLENGE').length;
    if (last?.challengeName === 'SRP_A') event.response = { challengeName: 'PASSWORD_VERIFIER' };
    else if (last?.challengeName === 'CUSTOM_CHALLENGE' && last.challengeResult) event.response = { issueTokens: true };
    else if (tries >= 3) event.response = { failAuthentication: true };
    else event.response = { challengeName: 'CUSTOM_CHALLENGE' };
    return event;
  },
  CreateAuthChallenge(event) {
    const attempt = String(1 + event.request.session.filter((round) => round.challengeName === 'CUSTOM_CHALLENGE').length);
    event.response = {
      publicChallengeParameters: { riddle: 'What has keys and opens no lock?', attempt },
      privateChallengeParameters: { answer: 'a piano' },
      challengeMetadata: `RIDDLE-${attempt}`,
    };
    return event;
  },
  VerifyAuthChallengeResponse(event) {
    const { challengeAnswer, privateChallengeParameters } = event.request;
    event.response = { answerCorrect: challengeAnswer === privateChallengeParameters.answer };
    return event;
  },
};
