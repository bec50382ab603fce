import type { Home } from '@tongdui/contracts';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { elsewhere, everyService, home, host, idAt, listOf, type Sent, type Stage, sampleOf } from './bad-input.stage.ts';
import { badToken, badTokens, shortLivedToken } from './bad-tokens.ts';

/** Who asks, and whose matter it is. */

export const badPeople = (current: () => Stage): void => {
  describe("another city's", () => {
    test('data do not exist for those who look', async () => {
      const { enterprise, accepted, redeemed, voucherId } = current().cast;
      const notFound = { status: 404, code: 'not-found' };
      const reader = { method: 'GET', person: 'auditor.320500' } as const;
      for (const path of [`/orders/${accepted.orderId}`, `/claims/${redeemed.claimId}`, `/vouchers/${voucherId}`])
        await current().expectRefused({ ...reader, service: 'redemption', path }, notFound);
      for (const path of [`/enterprises/${home}-enterprise-${enterprise.uscc}`, `/allowances/${home}-allowance-${enterprise.uscc}-2026`])
        await current().expectRefused({ ...reader, service: 'issuance', path }, notFound);
      for (const path of [`/books/${home}`, `/books/${home}/trial-balance`, `/books/${home}/entries`])
        await current().expectRefused({ ...reader, service: 'ledger', path }, notFound);
      await current().expectRefused({ ...reader, service: 'clearing', path: `/pairs/${elsewhere}-${home}` }, notFound);
    });

    test('matters are decided by its own people', async () => {
      const notAllowed = { status: 403, code: 'not-allowed' };
      const { cast } = current();
      const admission = { categories: ['testing'], admittedUntil: '2027-12-31' };
      const sent: readonly Sent[] = [
        { ...sampleOf(current(), 'issuance'), person: 'budget-officer.320500' },
        { ...sampleOf(current(), 'clearing'), person: `treasurer.${elsewhere}` },
        {
          service: 'registry',
          path: `/providers/${host}-provider-${cast.lab.uscc}/admissions/2`,
          person: `reviewer-1.${home}`,
          body: admission,
        },
        { service: 'redemption', path: `/claims/${cast.submitted.claimId}/checks/1`, person: 'reviewer-1.320500', body: {} },
        { service: 'redemption', path: `/vouchers/${cast.voucherId}/freezes/1`, person: 'approver-1.320500', body: { reason: 'X' } },
      ];
      for (const one of sent) await current().expectRefused(one, notAllowed);
    });

    test('organisations are foreign', async () => {
      const { tell, cast } = current();
      const stranger = tell.boss({ uscc: cast.lab.uscc, home });
      const foreign = { status: 403, code: 'foreign-organisation' };
      await current().expectRefused({ ...sampleOf(current(), 'redemption'), person: stranger }, foreign);
      await current().expectRefused(
        { ...sampleOf(current(), 'registry'), person: tell.lab({ uscc: cast.enterprise.uscc, host }) },
        foreign,
      );
      const draft = { enterprise: cast.enterprise.uscc, requestedFen: 1, categories: [], purpose: 'X' };
      await current().expectRefused(
        { service: 'issuance', path: `/applications/${idAt(home, 'application')}`, person: stranger, body: draft },
        foreign,
      );
    });

    test.each(everyService)('roles do not act: $service', async ({ service }) => {
      await current().expectRefused({ ...sampleOf(current(), service), person: `auditor.${home}` }, { status: 403, code: 'not-allowed' });
    });

    test.each(everyService)('processes say where it is decided: $service', async ({ service }) => {
      const { system, tell, cast } = current();
      const there = system.url(service, elsewhere as Home);
      const moved: Readonly<Record<typeof service, string>> = {
        issuance: sampleOf(current(), service).path.replace(home, elsewhere),
        registry: sampleOf(current(), service).path.replace(host, elsewhere),
        redemption: sampleOf(current(), service).path.replace(home, elsewhere),
        clearing: `/pairs/${home}-${elsewhere}/deposits/${ulid()}`,
        ledger: `/books/${elsewhere}/trial-balance`,
      };
      const sent = { ...sampleOf(current(), service), path: moved[service] };
      const { details, headers } = await current().expectRefused(
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
      const read = await current().expectRefused(
        { service, path, method: 'GET', person: tell.boss(cast.enterprise) },
        { status: 421, code: 'misdirected' },
      );
      expect(read.details.location).toBe(`${there}${path}`);
    });
  });

  describe.each(everyService)('who sends a request to $service', ({ service }) => {
    const refused = { status: 401, code: 'unauthenticated' };

    test.each(badTokens)('a token %s', async (kind) => {
      const { system, signingKey } = current();
      const sample = sampleOf(current(), service);
      const authorization = await badToken(kind, await system.token(sample.person ?? ''), signingKey(), system.issuer);
      const { headers } = await current().expectRefused({ ...sample, authorization }, refused);
      expect(headers.get('www-authenticate')).toMatch(/^Bearer realm="tongdui"/);
      await current().expectRefused({ service, path: listOf[service], method: 'GET', authorization }, refused);
    });

    test('a token that was good and has expired, also where it was seen before', async () => {
      const sample = sampleOf(current(), service);
      const authorization = `Bearer ${await shortLivedToken(current().system.issuer, sample.person ?? '')}`;
      const list = { service, path: listOf[service], method: 'GET', authorization } as const;
      const statusNow = async () => (await current().send(list)).status;
      expect([200, 401]).toContain(await statusNow());
      await expect.poll(statusNow, { timeout: 5_000 }).toBe(401);
      await current().expectRefused(list, refused);
      await current().expectRefused({ ...sample, authorization }, refused);
    });
  });
};
