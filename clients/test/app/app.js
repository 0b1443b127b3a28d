// The app in the browser: aws-amplify and the switch, whole and unmodified, handed to the test that drives the page.
import { Amplify } from 'aws-amplify';
import * as analytics from 'aws-amplify/analytics';
import * as auth from 'aws-amplify/auth';
import * as inApp from 'aws-amplify/in-app-messaging';
import * as profiles from 'aws-amplify/push-notifications/customer-profiles';
import { parseAmplifyConfig } from 'aws-amplify/utils';
import { configure } from '../../js/pintail.js';

window.app = { Amplify, analytics, auth, inApp, profiles, parseAmplifyConfig, configure };
