const nothingSent = 'Nothing was sent.';

/** Words for what keeps an action from being done, by our own codes. */
export const actionCodes: Readonly<Record<string, { readonly title?: string; readonly nextStep?: string }>> = {
  targetMissing: {
    title: 'There is no such user or device in this tenant.',
    nextStep: `${nothingSent} Look it up by name in this tenant.`,
  },
  lastGlobalAdministrator: {
    title: 'This is the last Global Administrator of the tenant who can sign in.',
    nextStep: `${nothingSent} Make sure that somebody else has the role first.`,
  },
  privilegedTarget: {
    title:
      'Microsoft does not let the application change this user, most often because the user is an administrator, or in a group that can be assigned to roles.',
    nextStep:
      'Do it in the Entra admin center, or have an administrator give the service principal of the response application a role that may, such as Privileged Authentication Administrator.',
  },
  restrictedTarget: {
    title: 'This target is in a restricted management administrative unit: only who has a role for that unit may change it.',
    nextStep:
      'Do it as an administrator of that unit, or have one give the service principal of the response application a role for the unit, such as User Administrator.',
  },
  protectedTarget: {
    title: 'This target is protected: no action is taken on it from here.',
    nextStep: `${nothingSent} The list is the setting PROTECTED_TARGETS.`,
  },
  responseNotSetUp: {
    title: 'Actions are not available for this tenant: there is no response application for it.',
    nextStep:
      'Actions need a second application, to which the customer consents on its own. docs/response.md says how it is set up; collecting goes on without it.',
  },
  responsePermission: {
    nextStep:
      'Have an administrator of the tenant grant it to the response application, and give admin consent. docs/response.md says which action needs what.',
  },
  unsupportedPlatform: {
    title: 'This does not work on the platform of the machine.',
    nextStep: `${nothingSent} Choose another action, or do it on the machine itself.`,
  },
  notOnboarded: {
    title: 'Defender for Endpoint does not manage this machine.',
    nextStep: `${nothingSent} Onboard the machine to Defender for Endpoint first.`,
  },
  machineActionEnded: {
    title: 'Defender ended the action without the effect.',
    nextStep: 'Look at the machine in the Defender portal, then retry here.',
  },
  reverted: {
    title: 'It was done, and somebody or something has undone it: for a synced account most likely the directory sync.',
    nextStep: 'Do it in Active Directory as well, then retry here.',
  },
  notSeen: {
    title: 'Microsoft took the request, but its effect did not show in time.',
    nextStep: 'Look at the target in the portal of Microsoft, then retry here.',
  },
};
