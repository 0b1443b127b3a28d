// Points an unmodified AWS Amplify app (v6) at a Pintail server.
//
//   Amplify.configure(configure(parseAmplifyConfig(outputs), 'https://pintail.example.org'));
//
// Amplify has settings for the address of a user pool and of an identity pool,
// but none for Pinpoint, so its requests are led to the server inside fetch.

const PINPOINT = /^https:\/\/pinpoint\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?(\/.*)$/;

let target; // where requests to Pinpoint go; unset until the first pointAt

/** Leads every request to pinpoint.<region>.amazonaws.com to the server at url. Calling it again changes the server. */
export function pointAt(url) {
  const wrapped = target !== undefined;
  target = new URL(url).href.replace(/\/$/, '');
  if (wrapped) return;
  const fetch = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const request = input instanceof Request;
    const path = PINPOINT.exec(request ? input.url : input)?.[1];
    if (!path) return fetch(input, init);
    // The signature covers the name that Amplify meant to call; Pintail checks it against that name.
    return fetch(request ? new Request(target + path, input) : target + path, init);
  };
}

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
