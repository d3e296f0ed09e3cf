import type { Stopped } from '../domain/onboarding';
import { describeFailure } from './describe';
import type { FailureText } from './describe';

const again = 'Go to Microsoft again';
const otherAccount: FailureText = {
  title: 'Microsoft does not find this account in the organisation.',
  nextStep: `${again} and choose an account of the organisation that is to be connected; check its spelling.`,
};
const secondFactor: FailureText = {
  title: 'Microsoft asked for a second factor, and it was not given.',
  nextStep: `${again} and complete it; if none is set up yet, Microsoft offers to set one up.`,
};
const device: FailureText = {
  title: 'A rule of the organisation asks for a device that it manages, and this one is not, or not in order.',
  nextStep: 'Open the link on a device that your organisation manages, or ask whoever looks after Conditional Access.',
};
const ourFault: FailureText = {
  title: "The provider's application is not set up correctly. It is nothing you can change.",
  nextStep: 'Send the code to whoever sent you the link.',
};
const transient: FailureText = { title: 'Microsoft could not finish the sign-in just now.', nextStep: `${again} in a minute.` };
const begun: FailureText = {
  title: 'This sign-in was finished before, or took too long.',
  nextStep: `${again}: it begins anew.`,
};
const policy: FailureText = {
  title: 'A rule of the organisation (Conditional Access) does not allow this sign-in.',
  nextStep: 'Ask whoever looks after Conditional Access to allow it, or sign in from where it is allowed.',
};
const partners: FailureText = {
  title: "The organisation's rules for working with other organisations do not let this application in.",
  nextStep: 'Have an administrator allow it: Entra admin center, External Identities, Cross-tenant access settings.',
};
const needsAdministrator: FailureText = {
  title: 'This account may not give consent for the organisation.',
  nextStep:
    'An administrator with the role Global Administrator or Privileged Role Administrator has to: send them the link you were sent, or sign in as one.',
};

/**
 * What Microsoft says to a person in the browser, by code: causes and what to do, in words. https://learn.microsoft.com/entra/identity-platform/reference-error-codes
 */
const byCode: Readonly<Record<string, FailureText>> = {
  AADSTS16000: otherAccount,
  AADSTS16003: otherAccount,
  AADSTS50020: {
    title: 'This account belongs to another organisation.',
    nextStep: `${again} and choose an account of the organisation that is to be connected.`,
  },
  AADSTS50034: otherAccount,
  AADSTS51004: otherAccount,
  AADSTS50014: {
    title: 'This account was invited as a guest and has not accepted yet.',
    nextStep: `${again} with an account of the organisation itself.`,
  },
  AADSTS90072: otherAccount,
  AADSTS50053: {
    title: 'The account is locked after too many wrong passwords.',
    nextStep: 'Wait some minutes or have it unlocked, then go to Microsoft again.',
  },
  AADSTS50055: { title: 'The password of the account has expired.', nextStep: `Change it. ${again} afterwards.` },
  AADSTS50057: { title: 'The account is disabled.', nextStep: `${again} with another administrator's account.` },
  AADSTS50126: { title: 'The user name or the password is wrong.', nextStep: `${again} and check both.` },
  AADSTS50058: transient,
  AADSTS50072: secondFactor,
  AADSTS50074: secondFactor,
  AADSTS50076: secondFactor,
  AADSTS50079: secondFactor,
  AADSTS50158: secondFactor,
  AADSTS500121: { title: 'The second factor was refused or came too late.', nextStep: `${again} and confirm it on your device.` },
  AADSTS50097: device,
  AADSTS53000: device,
  AADSTS53001: device,
  AADSTS53002: device,
  AADSTS53003: policy,
  AADSTS530032: policy,
  AADSTS530035: policy,
  AADSTS530034: {
    title: 'Microsoft considers this account at risk and does not let it in.',
    nextStep: 'Have the risk looked at and cleared, or sign in as another administrator.',
  },
  AADSTS53011: {
    title: 'Microsoft considers this account at risk and does not let it in.',
    nextStep: 'Have the risk looked at and cleared, or sign in as another administrator.',
  },
  AADSTS50105: {
    title: 'The application may only be used by people it is assigned to, and this account is not.',
    nextStep: 'Have an administrator assign it: Entra admin center, Enterprise applications, Users and groups.',
  },
  AADSTS50173: {
    title: 'The sign-in was taken back, for example because the password was changed.',
    nextStep: `${again} and sign in.`,
  },
  AADSTS65004: {
    title: 'You chose not to accept. Nothing was changed, and nothing is collected.',
    nextStep: 'If that was a mistake, go to Microsoft again and choose Accept.',
  },
  AADSTS65001: { title: 'The organisation has not given consent yet.', nextStep: `${again} and choose Accept.` },
  AADSTS90094: needsAdministrator,
  AADSTS90095: {
    title: 'Your organisation has consent approved by a reviewer; your request is with them now.',
    nextStep: 'When it is approved, open this page again and go to Microsoft.',
  },
  AADSTS90099: {
    title: 'The application has not been let into this organisation by a partner.',
    nextStep: 'Sign in with an account of the organisation itself, and consent there.',
  },
  AADSTS650052: {
    title: 'The organisation has no subscription to one of the services behind these permissions.',
    nextStep: 'Leave the integration out that needs it, or add a licence. The code names the service.',
  },
  AADSTS650051: {
    title: 'The application is being set up in the organisation at this moment.',
    nextStep: `${again} in a minute.`,
  },
  AADSTS700016: {
    title: 'Microsoft does not know the application in this organisation, or this organisation is in another cloud.',
    nextStep: 'Send the code to whoever sent you the link: the application has to be one of your cloud.',
  },
  AADSTS7000112: {
    title: 'The application is disabled in the organisation.',
    nextStep:
      'Have an administrator enable it: Entra admin center, Enterprise applications, Properties, Enabled for users to sign in.',
  },
  AADSTS90002: {
    title: 'Microsoft does not know this organisation: it is misspelt, deleted, or in another cloud.',
    nextStep: 'Check which organisation the account belongs to.',
  },
  AADSTS500021: {
    title: 'A network rule of the organisation allows only certain organisations to sign in.',
    nextStep: 'Open the link from another network, or have the tenant restriction extended.',
  },
  AADSTS500022: {
    title: 'A network rule of the organisation allows only certain organisations to sign in.',
    nextStep: 'Open the link from another network, or have the tenant restriction extended.',
  },
  AADSTS500212: partners,
  AADSTS500213: partners,
  AADSTS54005: begun,
  AADSTS70008: begun,
  AADSTS501481: begun,
  AADSTS50011: ourFault,
  AADSTS500113: ourFault,
  AADSTS650056: ourFault,
  AADSTS650057: ourFault,
  AADSTS65005: ourFault,
  AADSTS7000218: ourFault,
  AADSTS90033: transient,
  AADSTS90006: transient,
  AADSTS90012: transient,
  AADSTS50196: { title: 'Microsoft saw the same sign-in too often and pauses it.', nextStep: `${again} in five minutes.` },
  permission_denied: {
    title: 'Microsoft says that consent was not given: it was cancelled, or this account may not give it.',
    nextStep: `${needsAdministrator.nextStep} Nothing was changed so far.`,
  },
  access_denied: {
    title: 'You chose to cancel. Nothing was changed, and nothing is collected.',
    nextStep: 'If that was a mistake, go to Microsoft again and choose Accept.',
  },
  consent_required: needsAdministrator,
  interaction_required: secondFactor,
  server_error: transient,
  temporarily_unavailable: transient,
  personalAccount: {
    title: 'This is a personal Microsoft account. It belongs to no organisation, so there is no audit log to collect.',
    nextStep: `${again} and choose your work account, the one your organisation gave you.`,
  },
  otherTenant: {
    title: 'This invitation is for another organisation than the one you signed in to.',
    nextStep: `${again} and choose an account of the organisation that was invited, or ask for an invitation for this one.`,
  },
  tenantUnproven: begun,
  tenantRemoved: {
    title: 'The tenant was removed while it was being set up.',
    nextStep: 'Ask for a new invitation if that was not meant.',
  },
  invitationUsed: {
    title: 'This invitation was used before, by somebody else.',
    nextStep: 'Ask whoever sent it for a new one: each can be used once.',
  },
  accessEnded: {
    title: 'The rights you gave for setting up have ended: they last an hour.',
    nextStep: `${again} and sign in; it goes on where it stopped.`,
  },
};

/** The codes of a sign-in that have words of their own. */
export const describedSignInCodes: readonly string[] = Object.keys(byCode);

/** Why an onboarding stopped, in words, with Microsoft's code at the end. */
export function describeStop(stopped: Stopped): FailureText {
  const { code } = stopped.kind === 'signIn' ? stopped : stopped.failure;
  const words = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (words !== undefined && (stopped.kind === 'signIn' || stopped.failure.kind !== 'permissionMissing'))
    return { title: /^AADSTS|^[a-z]+_[a-z_]+$/.test(code) ? `${words.title} [${code}]` : words.title, nextStep: words.nextStep };
  if (stopped.kind === 'signIn')
    return {
      title: `Microsoft did not let you in. [${code}]`,
      nextStep: `${again}; if it stays, send the code to whoever sent you the link.`,
    };
  if (stopped.failure.kind === 'permissionMissing' && stopped.missing === undefined)
    return {
      title: `This account may not set applications up in the organisation. [${code}]`,
      nextStep: needsAdministrator.nextStep,
    };
  if (stopped.missing !== undefined)
    return {
      title: `The application can sign in, but these permissions have not arrived: ${stopped.missing.join(', ')}.`,
      nextStep: 'Give consent again, or have it granted in the Entra admin center. It goes on by itself when they are there.',
    };
  return describeFailure(stopped.failure);
}
