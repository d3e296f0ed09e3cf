const set = 'Give the connector a credential that works: npm run tenant -- credential set TENANT.';
const federation =
  'Check the federated credential of the application: Entra admin center, App registrations, Certificates & secrets, Federated credentials. docs/credentials.md shows its three values.';

/** What codes about credentials mean, beyond those every login knows. https://learn.microsoft.com/entra/identity-platform/reference-error-codes */
export const credentialCodes: Readonly<Record<string, { readonly title: string; readonly nextStep: string }>> = {
  AADSTS7000218: { title: 'The login was sent without a credential.', nextStep: set },
  AADSTS700027: {
    title: 'Microsoft does not know the certificate of the application, or does not accept what it signed.',
    nextStep: 'Upload the certificate to the application again; a new one takes some minutes to work.',
  },
  AADSTS700024: {
    title: 'Microsoft finds that what the certificate signed is not valid yet, or no longer.',
    nextStep: 'Check the clock of the machine the connector runs on.',
  },
  AADSTS70021: {
    title: 'The application does not trust the managed identity of the connector, or not yet.',
    nextStep: `A new federated credential takes some minutes to work. ${federation}`,
  },
  AADSTS700211: { title: 'The federated credential of the application names another issuer.', nextStep: federation },
  AADSTS700212: { title: 'The federated credential of the application names another audience.', nextStep: federation },
  AADSTS7002121: { title: 'The federated credential of the application names another audience.', nextStep: federation },
  AADSTS700213: {
    title:
      'The federated credential of the application names another subject: it has to be the object id of the managed identity.',
    nextStep: federation,
  },
  AADSTS7000226: { title: 'The application has no federated credential.', nextStep: federation },
  AADSTS700236: {
    title: 'The managed identity and the application are in different tenants, which Microsoft does not allow.',
    nextStep: 'Use a certificate or a client secret for this application.',
  },
  managedIdentity: {
    title: 'The connector gets no token of its managed identity.',
    nextStep:
      'Check that the function app has the identity that MANAGED_IDENTITY_CLIENT_ID names. On a developer machine there is none: use another kind of credential.',
  },
  certificateUnusable: {
    title: 'The certificate in the key vault cannot be used.',
    nextStep: 'Give certificate and RSA key together as PEM text: npm run tenant -- credential set TENANT --kind certificate',
  },
  secretDisabled: {
    title: 'The credential in the key vault is disabled.',
    nextStep:
      'Enable that version of the secret in the key vault again, or give another one: npm run tenant -- credential set TENANT.',
  },
  applicationNotFound: {
    title: 'The application is not registered in this tenant, so its credentials cannot be looked at.',
    nextStep: 'Nothing to do, as long as somebody renews them where it is registered.',
  },
  CredentialTypeNotAllowedAsPerAppPolicy: {
    title: 'A policy of the tenant does not allow client secrets for this application.',
    nextStep: 'Use a certificate, or a managed identity: docs/credentials.md.',
  },
  CredentialInvalidLifetimeAsPerAppPolicy: {
    title: 'A policy of the tenant does not allow a secret that lives for a month.',
    nextStep: 'Use a certificate, or have an administrator except this application from the policy.',
  },
  currentNotListed: {
    title: 'The application does not list the credential that is in use, so nothing else is removed.',
    nextStep: 'Nothing to do: it is looked at again by itself.',
  },
  credentialNeverListed: {
    title: 'What was added to the application never showed up.',
    nextStep: 'Nothing to do: it is tried again by itself.',
  },
};
