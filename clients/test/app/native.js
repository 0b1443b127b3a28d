// The app of a phone: aws-amplify for React Native and the switch, handed to the test that holds the phone.
export { Amplify } from 'aws-amplify';
export * as auth from 'aws-amplify/auth';
export * as push from 'aws-amplify/push-notifications';
export * as profiles from 'aws-amplify/push-notifications/customer-profiles';
export { parseAmplifyConfig } from 'aws-amplify/utils';
export { configure } from '../../js/pintail.js';
