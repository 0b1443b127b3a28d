// amazon-cognito-identity-js with promises in place of its callbacks, in Node and in a page.

/** For methods that take a callback of Node's kind. */
export const done = (call) => new Promise((resolve, reject) => { call((error, result) => (error ? reject(error) : resolve(result))); });

/** For methods that take callbacks for success and failure. */
export const answered = (call) => new Promise((resolve, reject) => { call({ onSuccess: resolve, onFailure: reject }); });

/** For methods that send a code and name where it went. */
export const sent = (call) => new Promise((resolve, reject) => { call({ inputVerificationCode: resolve, onFailure: reject, onSuccess: () => reject(new Error('no details')) }); });

/** For methods of a sign-in, which can go on in many ways: step is the callback's name, and with what it was called beside it. */
export const next = (call) => new Promise((resolve, reject) => {
  const asks = (step) => (challengeName, parameters) => resolve({ step, challengeName, parameters });
  call({
    onSuccess: (session, promptForDevice) => resolve({ step: 'onSuccess', session, promptForDevice }),
    onFailure: reject,
    newPasswordRequired: (attributes, required) => resolve({ step: 'newPasswordRequired', attributes, required }),
    customChallenge: (parameters) => resolve({ step: 'customChallenge', parameters }),
    mfaRequired: asks('mfaRequired'), totpRequired: asks('totpRequired'), selectMFAType: asks('selectMFAType'), mfaSetup: asks('mfaSetup'),
  });
});

/** The secret for a new authenticator app of a user who is signed in, or who is asked to set one up. */
export const newSecret = (user) => new Promise((resolve, reject) => { user.associateSoftwareToken({ associateSecretCode: resolve, onFailure: reject }); });
