import { describe, expect, test } from 'vitest';
import { requestsAt } from './bad-input.requests.ts';
import { everyService, home, host, idAt, listOf, type Sent, type Stage, sampleOf } from './bad-input.stage.ts';

/** What was decided before, and addresses that mean nothing. */

export const badAddresses = (current: () => Stage): void => {
  const { issuesOf, claimOf, orderStep, byLab, refusing } = requestsAt(current);

  describe('the same again, but different', () => {
    const again = async (sent: Sent & { body: object }, change: object) => {
      const first = await current().send(sent);
      expect([first.status, await first.text()]).toEqual([201, expect.any(String)]);
      await current().expectRefused({ ...sent, body: { ...sent.body, ...change } }, { status: 409, code: 'id-reused' });
      expect((await current().send(sent)).status).toBe(200);
    };

    test('an appropriation', () => again(sampleOf(current(), 'issuance'), { amountFen: 101 }));
    test('an offering', () => again(sampleOf(current(), 'registry'), { name: 'Another test' }));
    test('a deposit', () => again(sampleOf(current(), 'clearing'), { amountFen: 101 }));
    test('an order', () => {
      const { lab, voucherId, enterprise } = current().cast;
      const person = current().tell.boss(enterprise);
      const body = { voucherId, offeringId: lab.offeringId };
      return again({ service: 'redemption', path: `/orders/${idAt(home, 'order')}`, person, body }, { note: 'Another order' });
    });

    const acceptance = () => ({ acceptedOn: '2026-03-02', actualBaseFen: 100_000 });
    test(
      'an acceptance',
      refusing(() => orderStep(current().cast.redeemed.orderId, 'acceptance', acceptance()), 409, 'id-reused'),
    );
    test(
      'a second contract',
      refusing(
        () => orderStep(current().cast.contracted.orderId, 'contracts/2', current().tell.contract(100_000, 50_000)),
        409,
        'contract-already-registered',
      ),
    );
    test(
      'a contract under the number of the first',
      refusing(
        () => orderStep(current().cast.contracted.orderId, 'contracts/1', current().tell.contract(100_000, 50_000)),
        409,
        'id-reused',
      ),
    );
    test(
      'a second delivery',
      refusing(
        () =>
          orderStep(current().cast.redeemed.orderId, 'delivery', { deliveredOn: '2026-03-02', deliverableDigest: 'c'.repeat(64) }, byLab()),
        409,
        'id-reused',
      ),
    );
    test(
      'a second claim while one is submitted',
      refusing(() => claimOf(current().cast.submitted.claimId, 2), 409, 'claim-not-in-that-state'),
    );
    test(
      'a claim under the number of the first',
      refusing(() => claimOf(current().cast.submitted.claimId, 1), 409, 'id-reused'),
    );

    test('what has changed since it was read', async () => {
      const stale = { status: 412, code: 'stale-revision' };
      for (const service of ['issuance', 'redemption'] as const)
        for (const revision of ['"0"', '"999999"'])
          await current().expectRefused({ ...sampleOf(current(), service), headers: { 'if-match': revision } }, stale);
      const admission = { categories: ['testing'], admittedUntil: '2027-12-31' };
      const path = `/providers/${host}-provider-${current().cast.lab.uscc}/admissions/2`;
      await current().expectRefused(
        { service: 'registry', path, person: `reviewer-1.${host}`, body: admission, headers: { 'if-match': '"0"' } },
        stale,
      );
      await current().expectRefused({ ...sampleOf(current(), 'clearing'), headers: { 'if-match': '"999999"' } }, stale);
    });

    test.each(['12', 'W/"1"', '"-1"', '"1", "2"', '*', '"99999999999999999999"'])('If-Match that is no revision: %s', async (revision) => {
      for (const service of ['issuance', 'registry', 'redemption', 'clearing'] as const)
        await current().expectRefused(
          { ...sampleOf(current(), service), headers: { 'if-match': revision } },
          { status: 400, code: 'bad-request' },
        );
    });
  });

  describe.each(everyService)('an address of $service', ({ service }) => {
    const get = (path: string): Sent => ({ service, path, method: 'GET', person: sampleOf(current(), service).person ?? '' });

    test('that there is not', async () => {
      const notFound = { status: 404, code: 'not-found' };
      for (const path of ['/', '/nothing', `${listOf[service]}/no-id`, `${listOf[service]}/%E0%A4%A`, '/..%2f..%2fetc%2fpasswd', '//'])
        await current().expectRefused(get(path), path.includes('%E0%A4%A') ? { status: 400, code: 'bad-request' } : notFound);
      for (const path of ['/nothing', '/orders/1/2/3/4'])
        for (const method of ['PUT', 'POST', 'DELETE', 'PATCH'])
          await current().expectRefused({ ...get(path), method, ...(method === 'DELETE' ? {} : { body: {} }) }, notFound);
    });

    test('that does not take this method', async () => {
      const refusal = { status: 405, code: 'method-not-allowed' };
      const allowed = async (path: string, method: string) => {
        const { headers } = await current().expectRefused({ ...get(path), method, ...(method === 'GET' ? {} : { body: {} }) }, refusal);
        return headers.get('allow');
      };
      for (const method of ['POST', 'PATCH', 'DELETE', 'PUT'])
        for (const path of [listOf[service], '/tie-outs', '/openapi.json', '/livez']) expect(await allowed(path, method)).toBe('GET, HEAD');
      for (const method of ['POST', 'PATCH', 'DELETE']) expect(await allowed(sampleOf(current(), service).path, method)).toMatch(/\bPUT$/);
      for (const path of ['/batches/1', '/lines/issuance-G60/skip']) expect(await allowed(path, 'GET')).toBe('PUT');
    });

    test('with a cursor or an after token that nobody answered', async () => {
      const bad = { status: 400, code: 'bad-request' };
      const forged = (token: unknown) => Buffer.from(JSON.stringify(token)).toString('base64url');
      for (const cursor of ['***', 'a', '%00', "' OR 1=1 --", Buffer.from([0xff, 0xfe]).toString('base64url')])
        await current().expectRefused(get(`${listOf[service]}?cursor=${encodeURIComponent(cursor)}`), bad);
      const { epoch } = (await (await current().send(get('/development/status'))).json()) as { epoch: string };
      const future = { service, epoch, position: '9999999999999999' };
      for (const after of [
        'x',
        forged({}),
        forged({ ...future, epoch: 'other' }),
        forged({ ...future, service: 'bank' }),
        forged(future),
        forged({ ...future, position: 'NaN' }),
        forged({ ...future, position: '-1' }),
        forged({ ...future, position: 7 }),
      ])
        await current().expectRefused(get(`${listOf[service]}?after=${encodeURIComponent(after)}`), bad);
    });

    test('with a question that cannot be asked', async () => {
      for (const query of ['limit=0', 'limit=201', 'limit=1.5', 'unheardOf=1', 'format=xml', 'status=', `after=${'x'.repeat(1_001)}`])
        expect(await issuesOf(get(`${listOf[service]}?${query}`))).toEqual([expect.stringMatching(/^query/)]);
    });
  });
};
