// The app in the browser that came before Amplify v6: amazon-cognito-identity-js, whole and unmodified.
import * as library from 'amazon-cognito-identity-js';
import * as promises from '../../lib/identity.mjs';

window.identity = { ...library, ...promises };
