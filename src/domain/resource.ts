import type { Api } from './failure';

/** The applications behind the APIs, the same in every tenant. https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in */
export const resourceAppIds: Readonly<Record<Api, string>> = {
  graph: '00000003-0000-0000-c000-000000000000',
  management: 'c5393580-f805-4401-95e8-94b7a6ef2fc2',
  defender: 'fc780465-2017-40d4-a0c5-307022471b92',
};

/** What an API is called in Microsoft's own lists of permissions. */
export const apiTitles: Readonly<Record<Api, string>> = {
  management: 'Office 365 Management APIs',
  graph: 'Microsoft Graph',
  defender: 'WindowsDefenderATP',
};
