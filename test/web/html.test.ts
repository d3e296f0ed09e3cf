import fc from 'fast-check';
import { describedSignInCodes, describeStop } from '../../src/app/describeSignIn';
import { html } from '../../src/web/html';
import { RateLimit } from '../../src/web/rateLimit';
import { loginErrors } from '../../src/microsoft/loginErrors';

describe('html', () => {
  it('lets nothing that is put in become markup, in text or in an attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { text: made } = html`<p title="${text}">${text}</p>`;
        const [, attribute = '', content = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/.exec(made) ?? [];
        expect(made).toBe(`<p title="${attribute}">${content}</p>`);
        expect(attribute).not.toMatch(/["<>]/);
      }),
    );
  });

  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onload='x' &`, '&quot; onload=&#39;x&#39; &amp;'],
    ['a\u202eb\u0000c\u2066', 'a\ufffdb\ufffdc\ufffd'],
    ['Zürich 🙂', 'Zürich 🙂'],
  ])('shows %j as it is', (text, shown) => {
    expect(html`${text}`.text).toBe(shown);
  });

  it('takes its own pieces as they are, lists one after the other, and nothing for nothing', () => {
    const items = ['a', '<'].map((text) => html`<li>${text}</li>`);

    expect(html`${items}${undefined}${false}${null}${0}`.text).toBe('<li>a</li><li>&lt;</li>0');
  });
});

describe('the words for what Microsoft says in the browser', () => {
  it.each(describedSignInCodes)('%s: a sentence and a next step, the code at the end where there is one', (code) => {
    const { title, nextStep } = describeStop({ kind: 'signIn', code });

    expect(title).toMatch(/^[A-Z].*[.\]]$/);
    expect(nextStep).toMatch(/^[A-Z].*\.$/);
    if (code.startsWith('AADSTS')) expect(title).toContain(`[${code}]`);
  });

  it('are there for 35 codes of the login service and more', () => {
    expect(describedSignInCodes.filter((code) => /^AADSTS\d+$/.test(code)).length).toBeGreaterThanOrEqual(35);
  });

  it('are there for every code that the connector takes for a rule of the tenant', () => {
    const policies = [...loginErrors].filter(([, meaning]) => meaning === 'policy').map(([code]) => code);
    // The application is disabled, which a browser is told in other words.
    const missing = policies.filter((code) => !describedSignInCodes.includes(`AADSTS${code}`) && code !== 70001);

    expect(missing).toEqual([]);
  });

  it('says what it does not know, with its code', () => {
    expect(describeStop({ kind: 'signIn', code: 'AADSTS999999' }).title).toBe('Microsoft did not let you in. [AADSTS999999]');
  });
});

describe('RateLimit', () => {
  it('allows so many at once, and as many again after a minute', () => {
    let now = 0;
    const limit = new RateLimit(3, () => now);
    const take = () => [1, 2, 3, 4].map(() => limit.take('a'));

    const first = take();
    const other = limit.take('b');
    now = 60_000;

    expect([first, other, take()]).toEqual([[true, true, true, false], true, [true, true, true, false]]);
  });
});
