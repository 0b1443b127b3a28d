// The unmodified aws-amplify in Node, pointed at a Pintail server by the switch in ../js.
import { createRequire } from 'node:module';
import { Amplify } from 'aws-amplify';
import { defaultStorage, parseAmplifyConfig } from 'aws-amplify/utils';
import { configure } from '../js/pintail.js';

/** The version of aws-amplify that npm installed. */
export const amplifyVersion = createRequire(import.meta.url)('aws-amplify/package.json').version;

/** Configures Amplify with an amplify_outputs.json and the server's address, and nothing else but a shorter wait for events. */
export function configureAmplify(outputs, url) {
  const config = configure(parseAmplifyConfig(outputs), url);
  const pinpoint = { ...config.Analytics.Pinpoint, flushInterval: 250 }; // ms, 5000 unless an app says otherwise
  Amplify.configure({ ...config, Analytics: { Pinpoint: pinpoint } });
  return Amplify.getConfig();
}

/** The refresh token of the person who is signed in; Amplify keeps it to itself, so it is read from its storage. */
export async function refreshToken(clientId) {
  const prefix = `CognitoIdentityServiceProvider.${clientId}`;
  const user = await defaultStorage.getItem(`${prefix}.LastAuthUser`);
  return defaultStorage.getItem(`${prefix}.${user}.refreshToken`);
}

/** Keeps what Amplify writes with console.warn, such as the end of Pinpoint, off the screen, and returns the list of it. */
export function muteWarnings() {
  const said = [];
  console.warn = (...words) => said.push(words.join(' '));
  return said;
}
