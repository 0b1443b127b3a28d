// Settings of a user pool's second factors, as CreateUserPool and SetUserPoolMfaConfig take them.

/** What a pool needs before it may mail second factors: a sender of its own, and another way to recover an account. */
export const mayMailFactors = {
  EmailConfiguration: { EmailSendingAccount: 'DEVELOPER', SourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/shop.example' },
  AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'verified_phone_number', Priority: 1 }, { Name: 'verified_email', Priority: 2 }] },
};

/** Authenticator apps only. */
export const appsOnly = (MfaConfiguration) => ({ MfaConfiguration, SoftwareTokenMfaConfiguration: { Enabled: true } });

/** Authenticator apps and text messages. */
export const appsAndTexts = (MfaConfiguration) => ({
  ...appsOnly(MfaConfiguration),
  SmsMfaConfiguration: { SmsConfiguration: { SnsCallerArn: 'arn:aws:iam::000000000000:role/texts', ExternalId: 'shop' } },
});

/** Authenticator apps, text messages and mails, in a pool that mayMailFactors. */
export const everyFactor = (MfaConfiguration) => ({
  ...appsAndTexts(MfaConfiguration), EmailMfaConfiguration: { Subject: 'Sign in', Message: 'Your code is {####}.' },
});
