import type { Cloud, CloudId, Clouds } from '../domain/cloud';

// Microsoft has no Defender for Endpoint API there; a name that never resolves (RFC 2606) keeps the table complete.
const noDefender = 'https://no-defender.invalid';

/**
 * Microsoft's clouds. Hosts of the Management Activity API and the login authorities:
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference ·
 * https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud. Graph: https://learn.microsoft.com/graph/deployments.
 * Defender: https://learn.microsoft.com/defender-endpoint/gov#api. GCC shares login and Graph with the worldwide cloud, but nothing else.
 */
export const microsoftClouds: Readonly<Record<Exclude<CloudId, 'custom'>, Cloud>> = {
  commercial: {
    id: 'commercial',
    title: 'Worldwide',
    login: 'https://login.microsoftonline.com',
    hosts: {
      management: 'https://manage.office.com',
      graph: 'https://graph.microsoft.com',
      defender: 'https://api.securitycenter.microsoft.com',
    },
  },
  gcc: {
    id: 'gcc',
    title: 'US Government GCC',
    login: 'https://login.microsoftonline.com',
    hosts: {
      management: 'https://manage-gcc.office.com',
      graph: 'https://graph.microsoft.com',
      defender: 'https://api-gcc.securitycenter.microsoft.us',
    },
  },
  gccHigh: {
    id: 'gccHigh',
    title: 'US Government GCC High',
    login: 'https://login.microsoftonline.us',
    hosts: {
      management: 'https://manage.office365.us',
      graph: 'https://graph.microsoft.us',
      defender: 'https://api-gov.securitycenter.microsoft.us',
    },
  },
  dod: {
    id: 'dod',
    title: 'US Government DoD',
    login: 'https://login.microsoftonline.us',
    hosts: {
      management: 'https://manage.protection.apps.mil',
      graph: 'https://dod-graph.microsoft.us',
      defender: 'https://api-gov.securitycenter.microsoft.us',
    },
  },
  china: {
    id: 'china',
    title: 'China, operated by 21Vianet',
    login: 'https://login.partner.microsoftonline.cn',
    hosts: {
      // Named by six independent code bases, by no page of Microsoft's (seen November 2026).
      management: 'https://manage.office365.cn',
      graph: 'https://microsoftgraph.chinacloudapi.cn',
      defender: noDefender,
    },
  },
};

/** The clouds that tenants can be in: Microsoft's, and the one of the settings, if any. Throws when a host of that one is not a bare https origin. */
export function createClouds(custom?: Cloud): Clouds {
  if (custom !== undefined)
    for (const [name, host] of Object.entries({ login: custom.login, ...custom.hosts }))
      if (!URL.canParse(host) || new URL(host).origin !== host || !host.startsWith('https://'))
        throw new Error(`The custom cloud's ${name} address has to be https://host or https://host:port, with nothing after it.`);
  return (id) => (id === 'custom' ? custom : microsoftClouds[id]);
}
