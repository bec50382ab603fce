import { fenMax, type Home, serviceNames } from '@tongdui/contracts';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { elsewhere, home, host, idAt, listOf, openStage, type Sent, type Stage, sampleOf } from './bad-input.stage.ts';
import { badToken, badTokens, shortLivedToken } from './bad-tokens.ts';
import { account } from './story.ts';

/** Whatever the outside world sends: each fault has its own problem in both languages, and nothing anywhere changes. */

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage?.stop());

const everyService = serviceNames.map((service) => ({ service }));
const invalid = { status: 422, code: 'invalid-request' } as const;
const issuesOf = async (sent: Sent): Promise<string[]> => {
  const { details } = await stage.expectRefused(sent, invalid);
  return (details.issues ?? []).map(({ path }) => path);
};

describe.each(everyService)('a body sent to $service', ({ service }) => {
  const sample = () => sampleOf(stage, service);

  test('that is no JSON', async () => {
    for (const raw of ['{', '{"amountFen":1,}', '{"amountFen":01}', '{"amountFen":NaN}', "{'amountFen':1}", '{} {}', '\u0000'])
      await stage.expectRefused({ ...sample(), raw }, { status: 400, code: 'malformed-json' });
  });

  test('of another kind than it says, or of none', async () => {
    const unsupported = { status: 415, code: 'unsupported-media-type' };
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/merge-patch+json', 'application/json; charset=gbk'])
      await stage.expectRefused({ ...sample(), headers: { 'content-type': type } }, unsupported);
    await stage.expectRefused({ ...sample(), headers: { 'content-encoding': 'gzip' } }, unsupported);
    await stage.expectRefused({ ...sample(), body: undefined }, unsupported);
  });

  test('that is larger than 64 KiB', async () => {
    const tooLarge = { status: 413, code: 'body-too-large' };
    await stage.expectRefused({ ...sample(), body: { ...sample().body, note: 'x'.repeat(64 * 1024) } }, tooLarge);
    await stage.expectRefused({ ...sample(), raw: `${JSON.stringify(sample().body)}${' '.repeat(64 * 1024)}` }, tooLarge);
  });

  test('that is no object, or has fields of other types', async () => {
    const good = sample();
    if (service === 'ledger') await markHalted();
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

/** The ledger parses the body of an operator's command before it looks whether the line is halted; the others have a schema anyway. */
const markHalted = async () => undefined;

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
    const good = sampleOf(stage, service);
    const raw = JSON.stringify({ ...good.body, [field]: '@' }).replace('"@"', amount);
    expect(await issuesOf({ ...good, raw })).toEqual([`body.${field}`]);
  });

  test.runIf(field !== 'tariffFen')('zero where money moves', async () => {
    const good = sampleOf(stage, service);
    expect(await issuesOf({ ...good, body: { ...good.body, [field]: 0 } })).toEqual([`body.${field}`]);
  });
});

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

describe.each(badCodes)('a unified social credit code with %s', (_, spoilt) => {
  test('in a path or a body is refused by every service that takes one', async () => {
    const { tell, cast } = stage;
    const { enterprise, lab, submitted } = cast;
    const inPath = encodeURIComponent(spoilt(enterprise.uscc));
    const company = { name: 'X', establishedOn: '2020-01-01', account: account(enterprise.uscc) };
    const sanction = { uscc: spoilt(lab.uscc), reason: 'Fraud', validFrom: '2026-03-02', validUntil: '2027-03-01' };
    const draft = { enterprise: spoilt(enterprise.uscc), requestedFen: 1, categories: [], purpose: 'X' };
    const bad: readonly (readonly [Sent, string])[] = [
      [{ service: 'issuance', path: `/enterprises/${home}-enterprise-${inPath}`, person: `reviewer-1.${home}`, body: company }, 'path.id'],
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
    for (const [sent, path] of bad) expect(new Set(await issuesOf(sent))).toEqual(new Set([path]));
  });
});

/** A submission of a claim, good but for what is changed. */
const claimOf = (claimId: string, n: number, change: object = {}): Sent => ({
  service: 'redemption',
  path: `/claims/${claimId}/submissions/${n}`,
  person: stage.tell.lab(stage.cast.lab),
  body: {
    invoice: {
      number: { number: '26330000000000000001' },
      issuedOn: '2026-03-02',
      totalFen: 200_000,
      sliceFen: 200_000,
      seller: stage.cast.lab.uscc,
      buyer: stage.cast.enterprise.uscc,
      ...change,
    },
    selfPaidFen: 100_000,
    evidence: ['d'.repeat(64)],
  },
});
const orderStep = (orderId: string, step: string, body: object, person = stage.tell.boss(stage.cast.enterprise)): Sent => ({
  service: 'redemption',
  path: `/orders/${orderId}/${step}`,
  person,
  body,
});
const byLab = () => stage.tell.lab(stage.cast.lab);
const refusing = (sent: () => Sent, status: number, code: string) => () => stage.expectRefused(sent(), { status, code });

describe('dates', () => {
  const contract = (change: object) => () =>
    orderStep(stage.cast.accepted.orderId, 'contracts/1', { ...stage.tell.contract(200_000, 100_000), ...change });
  const deliver = (deliveredOn: string) => () =>
    orderStep(stage.cast.contracted.orderId, 'delivery', { deliveredOn, deliverableDigest: 'b'.repeat(64) }, byLab());
  const accept = (acceptedOn: string) => () =>
    orderStep(stage.cast.delivered.orderId, 'acceptance', { acceptedOn, actualBaseFen: 200_000 });
  const claim = (issuedOn: string) => () => claimOf(stage.cast.redeemed.claimId, 1, { issuedOn });
  const outOfOrder = 'dates-out-of-order';

  test('a contract signed tomorrow', refusing(contract({ signedOn: '2026-03-03', serviceStartsOn: '2026-03-03' }), 409, outOfOrder));
  test('a service that starts before its contract is signed', refusing(contract({ serviceStartsOn: '2026-03-01' }), 409, outOfOrder));
  test('a contract that ends before the service starts', refusing(contract({ endsOn: '2026-03-01' }), 409, outOfOrder));
  test('a contract older than its voucher', refusing(contract({ signedOn: '2026-03-01' }), 409, 'contract-before-voucher'));
  test('a delivery before the contract', refusing(deliver('2026-03-01'), 409, outOfOrder));
  test('a delivery tomorrow', refusing(deliver('2026-03-03'), 409, outOfOrder));
  test('an acceptance before the delivery', refusing(accept('2026-03-01'), 409, outOfOrder));
  test('an acceptance tomorrow', refusing(accept('2026-03-03'), 409, outOfOrder));
  test('an invoice of tomorrow', refusing(claim('2026-03-03'), 409, outOfOrder));
  test('an invoice older than the contract', refusing(claim('2026-03-01'), 409, 'invoice-before-contract'));

  test('a validity that ends before it begins', async () => {
    const validity = { validFrom: '2026-03-02', validUntil: '2026-03-01' };
    const reversed = { status: 422, code: 'validity-ends-before-it-begins' };
    const sanction = { uscc: stage.cast.lab.uscc, reason: 'Fraud', ...validity };
    const recognition = { host, provider: stage.cast.lab.uscc, categories: ['testing'], ...validity };
    await stage.expectRefused(
      { service: 'registry', path: `/sanctions/${idAt('G60', 'sanction')}`, person: 'joint-office-1.G60', body: sanction },
      reversed,
    );
    await stage.expectRefused(
      { service: 'registry', path: `/recognitions/${idAt(home, 'recognition')}`, person: `approver-1.${home}`, body: recognition },
      reversed,
    );
  });

  test('an enterprise of tomorrow', async () => {
    const uscc = stage.cast.lab.uscc;
    const body = { name: 'X', establishedOn: '2026-03-03', account: account(uscc) };
    await stage.expectRefused(
      { service: 'issuance', path: `/enterprises/${home}-enterprise-${uscc}`, person: `reviewer-1.${home}`, body },
      { status: 422, code: 'enterprise-not-established-yet' },
    );
  });

  test.each(['2026-02-29', '2026-13-01', '2026-3-2', '20260302', '2026-03-02T00:00:00Z', '', 'today'])('%o is no date', async (day) => {
    expect(await issuesOf(contract({ signedOn: day })())).toEqual(['body.signedOn']);
    expect(await issuesOf(accept(day)())).toEqual(['body.acceptedOn']);
  });
});

describe("another city's", () => {
  test('data do not exist for those who look', async () => {
    const { enterprise, accepted, redeemed, voucherId } = stage.cast;
    const notFound = { status: 404, code: 'not-found' };
    const reader = { method: 'GET', person: 'auditor.320500' } as const;
    for (const path of [`/orders/${accepted.orderId}`, `/claims/${redeemed.claimId}`, `/vouchers/${voucherId}`])
      await stage.expectRefused({ ...reader, service: 'redemption', path }, notFound);
    for (const path of [`/enterprises/${home}-enterprise-${enterprise.uscc}`, `/allowances/${home}-allowance-${enterprise.uscc}-2026`])
      await stage.expectRefused({ ...reader, service: 'issuance', path }, notFound);
    for (const path of [`/books/${home}`, `/books/${home}/trial-balance`, `/books/${home}/entries`])
      await stage.expectRefused({ ...reader, service: 'ledger', path }, notFound);
    await stage.expectRefused({ ...reader, service: 'clearing', path: `/pairs/${elsewhere}-${home}` }, notFound);
  });

  test('matters are decided by its own people', async () => {
    const notAllowed = { status: 403, code: 'not-allowed' };
    const { cast } = stage;
    const admission = { categories: ['testing'], admittedUntil: '2027-12-31' };
    const sent: readonly Sent[] = [
      { ...sampleOf(stage, 'issuance'), person: 'budget-officer.320500' },
      { ...sampleOf(stage, 'clearing'), person: `treasurer.${elsewhere}` },
      {
        service: 'registry',
        path: `/providers/${host}-provider-${cast.lab.uscc}/admissions/2`,
        person: `reviewer-1.${home}`,
        body: admission,
      },
      { service: 'redemption', path: `/claims/${cast.submitted.claimId}/check`, person: 'reviewer-1.320500', body: {} },
      { service: 'redemption', path: `/vouchers/${cast.voucherId}/freeze`, person: 'approver-1.320500', body: { reason: 'X' } },
    ];
    for (const one of sent) await stage.expectRefused(one, notAllowed);
  });

  test('organisations are foreign', async () => {
    const { tell, cast } = stage;
    const stranger = tell.boss({ uscc: cast.lab.uscc, home });
    const foreign = { status: 403, code: 'foreign-organisation' };
    await stage.expectRefused({ ...sampleOf(stage, 'redemption'), person: stranger }, foreign);
    await stage.expectRefused({ ...sampleOf(stage, 'registry'), person: tell.lab({ uscc: cast.enterprise.uscc, host }) }, foreign);
    const draft = { enterprise: cast.enterprise.uscc, requestedFen: 1, categories: [], purpose: 'X' };
    await stage.expectRefused(
      { service: 'issuance', path: `/applications/${idAt(home, 'application')}`, person: stranger, body: draft },
      foreign,
    );
  });

  test.each(everyService)('roles do not act: $service', async ({ service }) => {
    await stage.expectRefused({ ...sampleOf(stage, service), person: `auditor.${home}` }, { status: 403, code: 'not-allowed' });
  });

  test.each(everyService)('processes say where it is decided: $service', async ({ service }) => {
    const { system, tell, cast } = stage;
    const there = system.url(service, elsewhere as Home);
    const moved: Readonly<Record<typeof service, string>> = {
      issuance: sampleOf(stage, service).path.replace(home, elsewhere),
      registry: sampleOf(stage, service).path.replace(host, elsewhere),
      redemption: sampleOf(stage, service).path.replace(home, elsewhere),
      clearing: `/pairs/${home}-${elsewhere}/deposits/${ulid()}`,
      ledger: `/books/${elsewhere}/trial-balance`,
    };
    const sent = { ...sampleOf(stage, service), path: moved[service] };
    const { details, headers } = await stage.expectRefused(
      service === 'ledger' ? { service, path: sent.path, method: 'GET', person: sent.person ?? '' } : sent,
      { status: 421, code: 'misdirected' },
    );
    expect([details.location, headers.get('location')]).toEqual([`${there}${sent.path}`, `${there}${sent.path}`]);
    const resource = { issuance: 'pot', registry: 'offering', redemption: 'order', clearing: '', ledger: '' }[service];
    const path =
      service === 'clearing'
        ? `/pairs/${home}-${elsewhere}`
        : service === 'ledger'
          ? `/books/${elsewhere}`
          : `${listOf[service]}/${idAt(elsewhere, resource)}`;
    const read = await stage.expectRefused(
      { service, path, method: 'GET', person: tell.boss(cast.enterprise) },
      { status: 421, code: 'misdirected' },
    );
    expect(read.details.location).toBe(`${there}${path}`);
  });
});

describe.each(everyService)('who sends a request to $service', ({ service }) => {
  const refused = { status: 401, code: 'unauthenticated' };

  test.each(badTokens)('a token %s', async (kind) => {
    const { system, signingKey } = stage;
    const sample = sampleOf(stage, service);
    const authorization = await badToken(kind, await system.token(sample.person ?? ''), signingKey(), system.issuer);
    const { headers } = await stage.expectRefused({ ...sample, authorization }, refused);
    expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="tongdui"/);
    await stage.expectRefused({ service, path: listOf[service], method: 'GET', authorization }, refused);
  });

  test('a token that was good and has expired, also where it was seen before', async () => {
    const sample = sampleOf(stage, service);
    const authorization = `Bearer ${await shortLivedToken(stage.system.issuer, sample.person ?? '')}`;
    const list = { service, path: listOf[service], method: 'GET', authorization } as const;
    const statusNow = async () => (await stage.send(list)).status;
    expect([200, 401]).toContain(await statusNow());
    await expect.poll(statusNow, { timeout: 5_000 }).toBe(401);
    await stage.expectRefused(list, refused);
    await stage.expectRefused({ ...sample, authorization }, refused);
  });
});

describe('the same again, but different', () => {
  const again = async (sent: Sent & { body: object }, change: object) => {
    const first = await stage.send(sent);
    expect([first.status, await first.text()]).toEqual([201, expect.any(String)]);
    await stage.expectRefused({ ...sent, body: { ...sent.body, ...change } }, { status: 409, code: 'id-reused' });
    expect((await stage.send(sent)).status).toBe(200);
  };

  test('an appropriation', () => again(sampleOf(stage, 'issuance'), { amountFen: 101 }));
  test('an offering', () => again(sampleOf(stage, 'registry'), { name: 'Another test' }));
  test('a deposit', () => again(sampleOf(stage, 'clearing'), { amountFen: 101 }));
  test('an order', () => {
    const { lab, voucherId, enterprise } = stage.cast;
    const person = stage.tell.boss(enterprise);
    const body = { voucherId, offeringId: lab.offeringId };
    return again({ service: 'redemption', path: `/orders/${idAt(home, 'order')}`, person, body }, { note: 'Another order' });
  });

  const acceptance = () => ({ acceptedOn: '2026-03-02', actualBaseFen: 100_000 });
  test(
    'an acceptance',
    refusing(() => orderStep(stage.cast.redeemed.orderId, 'acceptance', acceptance()), 409, 'id-reused'),
  );
  test(
    'a second contract',
    refusing(
      () => orderStep(stage.cast.contracted.orderId, 'contracts/2', stage.tell.contract(100_000, 50_000)),
      409,
      'contract-already-registered',
    ),
  );
  test(
    'a contract under the number of the first',
    refusing(() => orderStep(stage.cast.contracted.orderId, 'contracts/1', stage.tell.contract(100_000, 50_000)), 409, 'id-reused'),
  );
  test(
    'a second delivery',
    refusing(
      () => orderStep(stage.cast.redeemed.orderId, 'delivery', { deliveredOn: '2026-03-02', deliverableDigest: 'c'.repeat(64) }, byLab()),
      409,
      'id-reused',
    ),
  );
  test(
    'a second claim while one is submitted',
    refusing(() => claimOf(stage.cast.submitted.claimId, 2), 409, 'claim-not-in-that-state'),
  );
  test(
    'a claim under the number of the first',
    refusing(() => claimOf(stage.cast.submitted.claimId, 1), 409, 'id-reused'),
  );

  test('what has changed since it was read', async () => {
    const stale = { status: 412, code: 'stale-revision' };
    for (const service of ['issuance', 'redemption'] as const)
      for (const revision of ['"0"', '"999999"'])
        await stage.expectRefused({ ...sampleOf(stage, service), headers: { 'if-match': revision } }, stale);
    const admission = { categories: ['testing'], admittedUntil: '2027-12-31' };
    const path = `/providers/${host}-provider-${stage.cast.lab.uscc}/admissions/2`;
    await stage.expectRefused(
      { service: 'registry', path, person: `reviewer-1.${host}`, body: admission, headers: { 'if-match': '"0"' } },
      stale,
    );
    await stage.expectRefused({ ...sampleOf(stage, 'clearing'), headers: { 'if-match': '"999999"' } }, stale);
  });

  test.each(['12', 'W/"1"', '"-1"', '"1", "2"', '*', '"99999999999999999999"'])('If-Match that is no revision: %s', async (revision) => {
    for (const service of ['issuance', 'registry', 'redemption', 'clearing'] as const)
      await stage.expectRefused({ ...sampleOf(stage, service), headers: { 'if-match': revision } }, { status: 400, code: 'bad-request' });
  });
});

describe.each(everyService)('an address of $service', ({ service }) => {
  const get = (path: string): Sent => ({ service, path, method: 'GET', person: sampleOf(stage, service).person ?? '' });

  test('that there is not', async () => {
    const notFound = { status: 404, code: 'not-found' };
    for (const path of ['/', '/nothing', `${listOf[service]}/no-id`, `${listOf[service]}/%E0%A4%A`, '/..%2f..%2fetc%2fpasswd', '//'])
      await stage.expectRefused(get(path), path.includes('%E0%A4%A') ? { status: 400, code: 'bad-request' } : notFound);
    for (const path of ['/nothing', '/orders/1/2/3/4'])
      for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
        await stage.expectRefused({ ...get(path), method, ...(method === 'DELETE' ? {} : { body: {} }) }, notFound);
  });

  test('that does not take this method', async () => {
    const wrong = { status: 405, code: 'method-not-allowed' };
    for (const method of ['POST', 'PATCH', 'DELETE']) {
      const { headers } = await stage.expectRefused({ ...get(listOf[service]), method, body: {} }, wrong);
      expect(headers.get('allow')).toBe('GET, HEAD');
      const command = await stage.expectRefused({ ...sampleOf(stage, service), method }, wrong);
      expect(command.headers.get('allow')).toMatch(/\bPUT$/);
    }
    await stage.expectRefused({ ...get(listOf[service]), method: 'PUT', body: {} }, wrong);
    await stage.expectRefused(get(sampleOf(stage, service).path), wrong);
    await stage.expectRefused({ ...get('/tie-outs'), method: 'PUT', body: {} }, wrong);
    await stage.expectRefused({ ...get('/openapi.json'), method: 'PUT', body: {} }, wrong);
  });

  test('with a cursor or an after token that nobody answered', async () => {
    const bad = { status: 400, code: 'bad-request' };
    const forged = (token: unknown) => Buffer.from(JSON.stringify(token)).toString('base64url');
    for (const cursor of ['***', 'a', '%00', 'AAA', "' OR 1=1 --"])
      await stage.expectRefused(get(`${listOf[service]}?cursor=${encodeURIComponent(cursor)}`), bad);
    const { epoch } = (await (await stage.send(get('/development/status'))).json()) as { epoch: string };
    const future = { service, epoch, position: '99999999999' };
    for (const after of [
      'x',
      forged({}),
      forged({ ...future, epoch: 'other' }),
      forged({ ...future, service: 'bank' }),
      forged(future),
      forged({ ...future, position: 'NaN' }),
    ])
      await stage.expectRefused(get(`${listOf[service]}?after=${encodeURIComponent(after)}`), bad);
  });

  test('with a question that cannot be asked', async () => {
    for (const query of ['limit=0', 'limit=201', 'limit=1.5', 'unheardOf=1', 'format=xml', 'status=', `after=${'x'.repeat(1_001)}`])
      expect(await issuesOf(get(`${listOf[service]}?${query}`))).toEqual([expect.stringMatching(/^query/)]);
  });
});

/** Last, because it changes something: had the samples a fault of their own, nothing above would show that its fault was found. */
test.each(everyService)('the sample of $service is accepted when nothing is wrong with it', async ({ service }) => {
  const response = await stage.send(sampleOf(stage, service));
  const { code } = (await response.json()) as { code?: string };
  expect([response.status, code]).toEqual(service === 'ledger' ? [409, 'line-not-halted'] : [201, undefined]);
});
