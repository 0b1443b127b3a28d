// aws-amplify as React Native bundles it, run in Node: its code for native apps, whole and unmodified, over stand-ins for the
// two packages that need a device.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * Starts the app in ../test/app/native.js on a device.
 * @param {'android' | 'ios'} os
 * @param {string} version of the system
 * @param {{debug?: boolean}} options debug: as a developer runs it
 */
export async function startNativeApp(os, version, { debug = false } = {}) {
  const { outputFiles: [bundle] } = await build({
    entryPoints: [here('../test/app/native.js')], bundle: true, platform: 'node', format: 'esm', write: false, logLevel: 'error',
    conditions: ['react-native'], mainFields: ['react-native', 'module', 'main'],
    resolveExtensions: ['.native.js', `.${os}.js`, '.js', '.json'],
    alias: { 'react-native': here('reactnative/react-native.js'), '@aws-amplify/react-native': here('reactnative/amplify-react-native.js') },
    define: { __DEV__: String(debug) },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
  const folder = await mkdtemp(join(tmpdir(), 'pintail-native-'));
  try {
    const file = join(folder, 'app.mjs');
    await writeFile(file, bundle.contents);
    const device = { os, version, listeners: [] };
    globalThis.device = device; // the stand-ins take it when they are loaded
    const app = await import(pathToFileURL(file));
    return {
      ...app,
      /** The system gives the app its push token. Settles when the app has dealt with it. */
      receiveToken: (token) => happen(device, 'token', token),
      /** A push notification arrives while the app is in front. */
      receiveMessage: (message) => happen(device, 'foreground', message),
    };
  } finally {
    delete globalThis.device;
    await rm(folder, { recursive: true, force: true });
  }
}

const happen = (device, event, what) => Promise.all(device.listeners.filter((l) => l.event === event).map((l) => l.listener(what)));
