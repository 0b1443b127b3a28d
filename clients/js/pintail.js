// Points an unmodified AWS Amplify app (v6) at a Pintail server.
//
//   Amplify.configure(configure(parseAmplifyConfig(outputs), 'https://pintail.example.org'));
//
// Amplify has settings for the address of a user pool and of an identity pool,
// but none for Pinpoint, and it takes only Amazon's names for that of Customer
// Profiles, so their requests are led to the server inside fetch.

const LED = [
  /^https:\/\/pinpoint\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(\/.*)$/,
  // Other APIs have such names too, but not these routes below the id of a Pinpoint app.
  /^https:\/\/[a-z0-9-]+\.execute-api\.[a-z0-9-]+\.amazonaws\.com(\/[0-9a-f]{32}\/(?:identify-user|register-device|remove-device))$/,
];

let target; // where requests to Pinpoint go; unset until the first pointAt

/**
 * Leads every request to pinpoint.<region>.amazonaws.com, and those for the customer profiles of an app, to the server at
 * url. Calling it again changes the server.
 */
export function pointAt(url) {
  const wrapped = target !== undefined;
  target = new URL(url).href.replace(/\/$/, '');
  if (wrapped) return;
  const fetch = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const request = input instanceof Request;
    const path = led(request ? input.url : input);
    if (!path) return fetch(input, init);
    // The signature covers the name that Amplify meant to call; Pintail checks it against that name.
    return fetch(request ? new Request(target + path, input) : target + path, init);
  };
}

const led = (url) => LED.map((pattern) => pattern.exec(url)?.[1]).find(Boolean);

/** A copy of a parsed Amplify configuration whose Cognito and Pinpoint are the server at url. */
export function configure(config, url) {
  if (config.version || config.aws_project_region) {
    throw new Error('configure() takes the parsed configuration: configure(parseAmplifyConfig(outputs), url)');
  }
  pointAt(url);
  const cognito = config.Auth?.Cognito;
  if (!cognito) return config;
  return { ...config, Auth: { ...config.Auth, Cognito: { ...cognito, userPoolEndpoint: target, identityPoolEndpoint: target } } };
}
