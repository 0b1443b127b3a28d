// A headless Chromium that shows an app: aws-amplify bundled by esbuild, on a
// page whose origin is not the server's, so that the browser asks the server's
// permission (a CORS preflight) before it calls.
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

const app = fileURLToPath(new URL('../test/app/app.js', import.meta.url));
const html = '<!doctype html><html lang="en"><meta charset="utf-8"><title>App</title><script src="/app.js"></script></html>';

/** Debian's Chromium, or the one that the environment names. */
export const browser = findProgram('Chromium', 'CHROMIUM', ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']);

/**
 * Opens the app in a new browser.
 * @param {string} [rules] Chromium's --host-resolver-rules: the test's DNS
 */
export async function openApp(rules) {
  const page = await serveApp();
  const chrome = await chromium.launch({
    executablePath: browser.program,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-proxy-server', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', ...(rules ? [`--host-resolver-rules=${rules}`] : [])],
  });
  const tab = await (await chrome.newContext({ ignoreHTTPSErrors: true })).newPage(); // the test's certificate is its own
  const preflights = await watchPreflights(tab);
  await tab.goto(page.url);
  return {
    tab, preflights, origin: page.url,
    async close() {
      await chrome.close();
      page.server.closeAllConnections();
      page.server.close();
    },
  };
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

async function serveApp() {
  const { outputFiles: [bundle] } = await build({
    entryPoints: [app], bundle: true, format: 'iife', write: false, logLevel: 'error', define: { 'process.env.NODE_ENV': '"production"' },
  });
  const server = http.createServer((request, response) => {
    const script = request.url === '/app.js';
    response.setHeader('content-type', `${script ? 'text/javascript' : 'text/html'}; charset=utf-8`);
    response.end(script ? bundle.contents : html);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://localhost:${server.address().port}` };
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
