// The app in the browser: aws-amplify and the switch, whole and unmodified, handed to the test that drives the page.
import { Amplify } from 'aws-amplify';
import * as analytics from 'aws-amplify/analytics';
import * as auth from 'aws-amplify/auth';
import { parseAmplifyConfig } from 'aws-amplify/utils';
import { configure } from '../../js/pintail.js';

window.app = { Amplify, analytics, auth, parseAmplifyConfig, configure };
