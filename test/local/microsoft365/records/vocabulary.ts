import type { Random } from '../random';

/** A made-up user of a tenant. */
export interface Person {
  name: string;
  upn: string;
  objectId: string;
  puid: string;
}

const people = [
  ['Zoë Müller', 'zoe.mueller'],
  ['Łukasz Żółkiewski', 'lukasz.z'],
  ['山田 太郎', 'taro.yamada'],
  ['محمد علي', 'mohammed.ali'],
  ['דוד כהן', 'david.cohen'],
  ['Ольга Иванова', 'olga.ivanova'],
  ['José Núñez', 'jose.nunez'],
  ['Nguyễn Văn Anh', 'anh.nguyen'],
  ['Søren Ærø', 'soren.aero'],
  ['Ana 🦊 Silva', 'ana.silva'],
  ["Siobhán O'Neill", 'siobhan.oneill'],
  ['김민준', 'minjun.kim'],
  ['Megan Bowen', 'megan.bowen'],
  ['Θεόδωρος Παπάς', 'theodoros.papas'],
  ['Break Glass', 'break-glass-admin'],
] as const;

const files = [
  'Quartalsbericht Größe & Umsatz.xlsx',
  '年度予算 2026.xlsx',
  'تقرير مالي نهائي.docx',
  '🎉 launch plan (final) 🚀.pptx',
  'דוח רבעוני.pdf',
  'Résumé – Øresund.docx',
  'Отчёт №7.docx',
  'payroll "draft".csv',
  'C# notes 100%.one',
  'e\u0301te\u0301 (decomposed).png',
  'budget.xlsx',
  'meeting notes.docx',
] as const;

const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148',
  'Microsoft SkyDriveSync 24.226.1110.0004 ship; Windows NT 10.0 (26100)',
  'python-requests/2.32.3',
] as const;

const sites = ['Finance', 'Küche', '人事', 'Projet Été', 'Legal & Compliance', 'مشروع'] as const;

/** Words that free text is made of; some need escaping or more than one byte. */
const phrases = [
  'Überweisung freigegeben',
  'please review — urgent',
  'مرحبا بالعالم \u200f',
  '請確認付款 💸',
  'line one\nline two\ttabbed',
  'path C:\\Users\\Public\\x "quoted"',
  'nul \u0000 and bell \u0007 inside',
  'Ça marche 👩🏽‍💻',
  '<b>not html</b> & more',
] as const;

/** Some user of the tenant. */
export function somePerson(random: Random, domain: string): Person {
  const [name, alias] = random.pick(people);
  // The same person has the same ids all day, so that searches by user find several records.
  const digits = Buffer.from(alias).reduce((sum, byte) => (sum * 31 + byte) >>> 0, domain.length);
  const tail = String(digits).padStart(12, '0').slice(-12);
  return {
    name,
    upn: `${alias}@${domain}`,
    objectId: `5f1d0000-0000-4000-8000-${tail}`,
    puid: `1003${digits.toString(16).toUpperCase().padStart(12, '0')}`,
  };
}

/** An address of the ranges reserved for documentation, sometimes with a port as some workloads write it. */
export function someAddress(random: Random): string {
  if (random.chance(0.2)) {
    const address = `2001:db8:${random.hex(4)}::${random.hex(4)}`;
    return random.chance(0.3) ? `[${address}]:${random.int(1024, 65535)}` : address;
  }
  const address = `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.int(1, 254)}`;
  return random.chance(0.15) ? `${address}:${random.int(1024, 65535)}` : address;
}

/** A file name, often not in ASCII. */
export function someFile(random: Random): string {
  return random.pick(files);
}

/** A user agent. */
export function someAgent(random: Random): string {
  return random.pick(agents);
}

/** A site name. */
export function someSite(random: Random): string {
  return random.pick(sites);
}

/** Text of a few phrases. */
export function someText(random: Random, count = 2): string {
  return Array.from({ length: count }, () => random.pick(phrases)).join(' · ');
}
