import { fenMax } from '@tongdui/contracts';
import { describe, expect, test } from 'vitest';
import { requestsAt } from './bad-input.requests.ts';
import { everyService, home, host, idAt, type Sent, type Stage, sampleOf } from './bad-input.stage.ts';
import { account } from './story.ts';

/** Bodies and what is in them. */

/** Faults in a code of an organisation, each made from a good one. */
const badCodes: readonly (readonly [fault: string, of: (code: string) => string])[] = [
  ['a wrong check character', (code) => code.slice(0, 17) + (code.endsWith('0') ? '1' : '0')],
  ['two digits exchanged', (code) => code.slice(0, 8) + swapped(code.slice(8))],
  ...['I', 'O', 'S', 'V', 'Z'].map((letter) => [`the letter ${letter}`, (code: string) => letter + code.slice(1)] as const),
  ['small letters', (code) => code.toLowerCase()],
  ['17 characters', (code) => code.slice(0, 17)],
  ['19 characters', (code) => `${code}0`],
  ['a space', (code) => `${code.slice(0, 17)} `],
  ['digits of another script', (code) => `\uff19${code.slice(1)}`],
];
const swapped = (text: string): string => {
  const at = [...text].findIndex((character, index) => index > 0 && character !== text[index - 1]);
  return text.slice(0, at - 1) + text[at] + text[at - 1] + text.slice(at + 1);
};

export const badContent = (current: () => Stage): void => {
  const { issuesOf, claimOf, orderStep, byLab, refusing } = requestsAt(current);

  describe.each(everyService)('a body sent to $service', ({ service }) => {
    const sample = () => sampleOf(current(), service);

    test('that is no JSON', async () => {
      for (const raw of ['{', '{"amountFen":1,}', '{"amountFen":01}', '{"amountFen":NaN}', "{'amountFen':1}", '{} {}', '\u0000'])
        await current().expectRefused({ ...sample(), raw }, { status: 400, code: 'malformed-json' });
    });

    test('of another kind than it says, or of none', async () => {
      const unsupported = { status: 415, code: 'unsupported-media-type' };
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'application/merge-patch+json',
        'application/json; charset=gbk',
      ])
        await current().expectRefused({ ...sample(), headers: { 'content-type': type } }, unsupported);
      await current().expectRefused({ ...sample(), headers: { 'content-encoding': 'gzip' } }, unsupported);
      await current().expectRefused({ ...sample(), body: undefined }, unsupported);
    });

    test('that is larger than 64 KiB', async () => {
      const tooLarge = { status: 413, code: 'body-too-large' };
      await current().expectRefused({ ...sample(), body: { ...sample().body, note: 'x'.repeat(64 * 1024) } }, tooLarge);
      await current().expectRefused({ ...sample(), raw: `${JSON.stringify(sample().body)}${' '.repeat(64 * 1024)}` }, tooLarge);
    });

    test('that is no object, or has fields of other types', async () => {
      const good = sample();
      for (const raw of ['null', '[]', '"text"', '7', 'true', '[['.repeat(5_000) + ']]'.repeat(5_000)]) await issuesOf({ ...good, raw });
      for (const name of Object.keys(good.body))
        for (const wrong of [null, {}, [[]], true]) {
          const paths = await issuesOf({ ...good, body: { ...good.body, [name]: wrong } });
          expect(paths.every((path) => path.startsWith(`body.${name}`))).toBe(true);
        }
    });

    test('with a field that nobody knows, or without one that is needed', async () => {
      const good = sample();
      expect(await issuesOf({ ...good, body: { ...good.body, unheardOf: 1 } })).toEqual(['body']);
      const raw = `${JSON.stringify(good.body).slice(0, -1)},"__proto__":{"roles":["operator"]}}`;
      expect(await issuesOf({ ...good, raw })).toEqual(['body']);
      for (const name of Object.keys(good.body).filter((one) => one !== 'tariffFen'))
        expect(await issuesOf({ ...good, body: { ...good.body, [name]: undefined } })).toEqual([`body.${name}`]);
    });
  });

  describe.each([
    { service: 'issuance', field: 'amountFen' },
    { service: 'registry', field: 'tariffFen' },
    { service: 'redemption', field: 'baseFen' },
    { service: 'redemption', field: 'subsidyFen' },
    { service: 'clearing', field: 'amountFen' },
  ] as const)('money, $field sent to $service', ({ service, field }) => {
    test.each([
      ['negative', '-1'],
      ['half a fen', '0.5'],
      ['a fraction that a float cannot hold', '100.1'],
      ['more than the largest amount', String(fenMax + 1)],
      ['2^53', String(2 ** 53)],
      ['2^53 + 1, which JSON rounds', '9007199254740993'],
      ['1e300', '1e300'],
      ['1e400, which JSON reads as infinite', '1e400'],
      ['text', '"100"'],
      ['nothing', 'null'],
    ])('%s', async (_, amount) => {
      const good = sampleOf(current(), service);
      const raw = JSON.stringify({ ...good.body, [field]: '@' }).replace('"@"', amount);
      expect(await issuesOf({ ...good, raw })).toEqual([`body.${field}`]);
    });

    // A price may be nothing; an amount that moves may not.
    if (field !== 'tariffFen')
      test('nought', async () => {
        const good = sampleOf(current(), service);
        expect(await issuesOf({ ...good, body: { ...good.body, [field]: 0 } })).toEqual([`body.${field}`]);
      });
  });

  describe.each(badCodes)('a unified social credit code with %s', (_, spoilt) => {
    test('in a path or a body is refused by every service that takes one', async () => {
      const { tell, cast } = current();
      const { enterprise, lab, submitted } = cast;
      const inPath = encodeURIComponent(spoilt(enterprise.uscc));
      const company = { name: 'X', establishedOn: '2020-01-01', account: account(enterprise.uscc) };
      const sanction = { uscc: spoilt(lab.uscc), reason: 'Fraud', validFrom: '2026-03-02', validUntil: '2027-03-01' };
      const draft = { enterprise: spoilt(enterprise.uscc), requestedFen: 1, categories: [], purpose: 'X' };
      const bad: readonly (readonly [Sent, string])[] = [
        [
          { service: 'issuance', path: `/enterprises/${home}-enterprise-${inPath}`, person: `reviewer-1.${home}`, body: company },
          'path.id',
        ],
        [
          { service: 'issuance', path: `/applications/${idAt(home, 'application')}`, person: tell.boss(enterprise), body: draft },
          'body.enterprise',
        ],
        [
          {
            service: 'registry',
            path: `/providers/${host}-provider-${encodeURIComponent(spoilt(lab.uscc))}`,
            person: tell.lab(lab),
            body: { name: 'X', account: account(lab.uscc) },
          },
          'path.id',
        ],
        [{ service: 'registry', path: `/sanctions/${idAt('G60', 'sanction')}`, person: 'joint-office-1.G60', body: sanction }, 'body.uscc'],
        [claimOf(submitted.claimId, 2, { seller: spoilt(lab.uscc) }), 'body.invoice.seller'],
      ];
      for (const [sent, path] of bad) expect(await issuesOf(sent)).toEqual([path]);
    });
  });

  describe('dates', () => {
    const contract = (change: object) => () =>
      orderStep(current().cast.accepted.orderId, 'contracts/1', { ...current().tell.contract(200_000, 100_000), ...change });
    const deliver = (deliveredOn: string) => () =>
      orderStep(current().cast.contracted.orderId, 'delivery', { deliveredOn, deliverableDigest: 'b'.repeat(64) }, byLab());
    const accept = (acceptedOn: string) => () =>
      orderStep(current().cast.delivered.orderId, 'acceptance', { acceptedOn, actualBaseFen: 200_000 });
    const claim = (issuedOn: string) => () => claimOf(current().cast.redeemed.claimId, 1, { issuedOn });
    const outOfOrder = 'dates-out-of-order';

    test('a contract signed tomorrow', refusing(contract({ signedOn: '2026-03-03', serviceStartsOn: '2026-03-03' }), 409, outOfOrder));
    test('a service that starts before its contract is signed', refusing(contract({ serviceStartsOn: '2026-03-01' }), 409, outOfOrder));
    test('a contract that ends before the service starts', refusing(contract({ endsOn: '2026-03-01' }), 409, outOfOrder));
    test('a delivery before the contract', refusing(deliver('2026-03-01'), 409, outOfOrder));
    test('a delivery tomorrow', refusing(deliver('2026-03-03'), 409, outOfOrder));
    test('an acceptance before the delivery', refusing(accept('2026-03-01'), 409, outOfOrder));
    test('an acceptance tomorrow', refusing(accept('2026-03-03'), 409, outOfOrder));
    test('an invoice of tomorrow', refusing(claim('2026-03-03'), 409, outOfOrder));
    test('an invoice older than the contract', refusing(claim('2026-03-01'), 409, 'invoice-before-contract'));

    test('a validity that ends before it begins', async () => {
      const validity = { validFrom: '2026-03-02', validUntil: '2026-03-01' };
      const reversed = { status: 422, code: 'validity-ends-before-it-begins' };
      const sanction = { uscc: current().cast.lab.uscc, reason: 'Fraud', ...validity };
      const recognition = { host, provider: current().cast.lab.uscc, categories: ['testing'], ...validity };
      await current().expectRefused(
        { service: 'registry', path: `/sanctions/${idAt('G60', 'sanction')}`, person: 'joint-office-1.G60', body: sanction },
        reversed,
      );
      await current().expectRefused(
        { service: 'registry', path: `/recognitions/${idAt(home, 'recognition')}`, person: `approver-1.${home}`, body: recognition },
        reversed,
      );
    });

    test('an enterprise of tomorrow', async () => {
      const uscc = current().cast.lab.uscc;
      const body = { name: 'X', establishedOn: '2026-03-03', account: account(uscc) };
      await current().expectRefused(
        { service: 'issuance', path: `/enterprises/${home}-enterprise-${uscc}`, person: `reviewer-1.${home}`, body },
        { status: 422, code: 'enterprise-not-established-yet' },
      );
    });

    test.each(['2026-02-29', '2026-13-01', '2026-3-2', '20260302', '2026-03-02T00:00:00Z', '', 'today'])('%o is no date', async (day) => {
      expect(await issuesOf(contract({ signedOn: day })())).toEqual(['body.signedOn']);
      expect(await issuesOf(accept(day)())).toEqual(['body.acceptedOn']);
    });
  });
};
