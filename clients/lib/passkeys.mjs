// Passkeys in Chromium, by the authenticator that its debugging protocol offers.

/** Gives a tab a platform authenticator, as a laptop has one, that verifies its user and never asks. */
export async function addAuthenticator(tab) {
  const cdp = await tab.context().newCDPSession(tab);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  const clear = () => cdp.send('WebAuthn.clearCredentials', { authenticatorId });
  return {
    clear,
    /** What it holds, as the protocol has it: credentialId and privateKey in base64, signCount, rpId, userHandle. */
    credentials: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    /** Has it hold one credential and nothing else. */
    replace: async (credential) => {
      await clear();
      await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
    },
    /** Whether the person in front of it passes, by a finger or a PIN. */
    verifies: (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
  };
}
