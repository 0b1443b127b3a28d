// A headless Chromium that shows an app, bundled by esbuild, on a page whose
// origin is not the server's, so that the browser asks the server's permission
// (a CORS preflight) before it calls.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { findProgram } from './testing.mjs';

const apps = new URL('../test/app/', import.meta.url);
const html = '<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><script src="/app.js"></script></html>';

/** Debian's Chromium, or the one that the environment names. */
export const browser = findProgram('Chromium', 'CHROMIUM', ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']);

/**
 * Opens an app in a new browser.
 * @param {object} [options]
 * @param {string} [options.app] which of ../test/app: aws-amplify unless it is named
 * @param {string} [options.rules] Chromium's --host-resolver-rules: the test's DNS
 */
export async function openApp({ app = 'app.js', rules } = {}) {
  const page = await serveApp(fileURLToPath(new URL(app, apps)));
  const chrome = await chromium.launch({
    executablePath: browser.program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-proxy-server', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...(rules ? [`--host-resolver-rules=${rules}`] : [])],
  });
  const tab = await (await chrome.newContext({ ignoreHTTPSErrors: true })).newPage(); // the test's certificate is its own
  const preflights = await watchPreflights(tab);
  await tab.goto(page.url);
  return {
    tab, preflights, origin: page.url, auth: authIn(tab),
    /** Configures Amplify in the page, by the switch in ../js; again after the page was loaded anew. */
    configure: (outputs, url) => tab.evaluate(configureAmplify, [outputs, url]),
    challenges: (work) => challengesOf(tab, work),
    async close() {
      await chrome.close();
      page.server.closeAllConnections();
      page.server.close();
    },
  };
}

// Amplify's auth functions as if they were here: each call runs in the page, and what it throws comes back with its
// name. Results travel as JSON.
const authIn = (tab) => new Proxy({}, {
  get: (_, name) => async (...args) => {
    const { result, error } = await tab.evaluate(callAuth, [name, args]);
    if (error) throw Object.assign(new Error(error.message), error);
    return result;
  },
});

// Runs in the page.
async function callAuth([name, args]) {
  try {
    const result = await window.app.auth[name](...args);
    return { result: result && JSON.parse(JSON.stringify(result)) };
  } catch ({ name, message, underlyingError }) {
    return { error: { name, message, cause: underlyingError && `${underlyingError.name}: ${underlyingError.message}` } };
  }
}

// Runs in the page.
function configureAmplify([outputs, url]) {
  const { Amplify, configure, parseAmplifyConfig } = window.app;
  const config = configure(parseAmplifyConfig(outputs), url);
  const pinpoint = { ...config.Analytics.Pinpoint, flushInterval: 250 }; // ms, 5000 unless an app says otherwise
  Amplify.configure({ ...config, Analytics: { Pinpoint: pinpoint } });
}

/** A self-signed certificate for loopback and the names given. Returns its files and remove(). */
export async function selfSigned(...names) {
  const folder = await mkdtemp(join(tmpdir(), 'pintail-tls-'));
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subjects = ['IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',');
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=pintail test', '-addext', `subjectAltName=${subjects}`, '-keyout', key, '-out', certificate]);
  return { certificate, key, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function serveApp(app) {
  const { outputFiles: [bundle] } = await build({
    entryPoints: [app], bundle: true, format: 'iife', write: false, logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' }, // amazon-cognito-identity-js wants Node's name for it
  });
  const server = http.createServer((request, response) => {
    const script = request.url === '/app.js';
    response.setHeader('content-type', `${script ? 'text/javascript' : 'text/html'}; charset=utf-8`);
    response.end(script ? bundle.contents : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://localhost:${server.address().port}` };
}

// The challenges, in order, that the answers of the user pool named while work() ran; who was let in has none for the last.
async function challengesOf(tab, work) {
  const named = [];
  const listen = (answer) => {
    const target = answer.request().headers()['x-amz-target'] ?? '';
    if (/\.(InitiateAuth|RespondToAuthChallenge)$/.test(target)) named.push(answer.json().then((body) => body.ChallengeName));
  };
  tab.on('response', listen);
  await work().finally(() => tab.off('response', listen));
  return Promise.all(named);
}

// Playwright keeps preflights to itself; the browser's own protocol shows them.
async function watchPreflights(tab) {
  const seen = [];
  const session = await tab.context().newCDPSession(tab);
  await session.send('Network.enable');
  session.on('Network.requestWillBeSent', ({ type, request }) => {
    if (type === 'Preflight' || request.method === 'OPTIONS') seen.push(new URL(request.url));
  });
  return seen;
}
