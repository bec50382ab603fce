import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntryView, Home, Instant } from '@tongdui/contracts';
import { type ServiceSet, type System, startSystem } from '@tongdui/development/system';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cycleTerms, hangzhou, jiaxing, type Placed, type Story, songjiang, story, suzhou, zhejiang } from './story.ts';

/** Payee mode × route, each a voucher funded by the city and by its province, checked posting by posting in every book. */

const combinations = [
  { home: jiaxing, host: hangzhou, payeeMode: 'lab-redeemed', agreed: 'host-fronted' },
  { home: jiaxing, host: songjiang, payeeMode: 'lab-redeemed', agreed: 'home-direct' },
  { home: hangzhou, host: jiaxing, payeeMode: 'enterprise-refunded', agreed: 'host-fronted' },
  { home: hangzhou, host: suzhou, payeeMode: 'enterprise-refunded', agreed: 'home-direct' },
] as const;
type Combination = (typeof combinations)[number];

const baseFen = 10_000_000;
const subsidyFen = 5_000_000;
const prefundFen = 50_000_000;
/** A face of 5 000 001 at 60 % and 40 %: the odd fen goes to the larger remainder. Of the 5 000 000 reserved, too. */
const face = { own: 3_000_001, province: 2_000_000 };
const paid = { own: 3_000_000, province: 2_000_000 };

/** The whole story as a suite, on a system whose homes are served by the sets of processes given (default: one set). */
export const fourCombinations = (sets?: readonly ServiceSet[]): void => {
  let system: System;
  let tell: Story;
  const directory = mkdtempSync(join(tmpdir(), 'tongdui-combinations-'));
  const placed = new Map<Combination, Placed>();

  beforeAll(async () => {
    system = await startSystem({
      dataDirectory: directory,
      clock: { frozenAt: '2026-03-02T01:00:00.000Z' as Instant },
      ...(sets ? { sets } : {}),
    });
    tell = story(system);
    await Promise.all([
      tell.enactPolicy({ code: jiaxing, payeeMode: 'lab-redeemed' }),
      tell.enactPolicy({ code: hangzhou, payeeMode: 'enterprise-refunded' }),
      tell.must('clearing', 'G60', '/cycles/202603', 'joint-office-1.G60', { terms: cycleTerms }),
    ]);
    await Promise.all(combinations.map((combination) => upToNotice(combination)));
    await system.moveClock('2026-03-03T01:00:00.000Z' as Instant);
    for (const [combination, order] of placed) placed.set(combination, await tell.paymentOf(order));
    await Promise.all([...placed.values()].map((order) => tell.pay(order)));
    await system.waitIdle();
  });
  afterAll(async () => {
    await system?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const upToNotice = async (combination: Combination) => {
    const { home, host, payeeMode, agreed } = combination;
    await tell.must('clearing', 'G60', `/agreements/${home}-${host}/versions/1`, 'joint-office-1.G60', {
      route: agreed,
      prefundFen,
      effectiveFrom: '2026-01-01',
      legalBasis: 'Test agreement',
      verification: 'default',
    });
    if (agreed === 'host-fronted')
      await tell.must('clearing', host, `/pairs/${home}-${host}/deposits/${ulid()}`, `treasurer.${host}`, { amountFen: prefundFen });
    const lab = await tell.openLab(host, [home]);
    const enterprise = await tell.registerEnterprise(home);
    const own = await tell.openPot(home, home, [home], 100_000_000);
    const province = await tell.openPot(hangzhou, zhejiang, [home], 100_000_000);
    await system.waitIdle();
    const funding = [
      { potId: own, bps: 6_000 },
      { potId: province, bps: 4_000 },
    ];
    const voucherId = await tell.issueVoucher(enterprise, face.own + face.province, funding);
    const order = await tell.propose(enterprise, lab, voucherId);
    await tell.redeem(order, baseFen, subsidyFen);
    await tell.submit(order, baseFen, subsidyFen, payeeMode);
    await tell.approve(order, baseFen, subsidyFen, payeeMode);
    placed.set(combination, order);
  };

  const entriesOf = async (party: string, filter: string): Promise<EntryView[]> => {
    const keeper = party === zhejiang ? hangzhou : party;
    const items: EntryView[] = [];
    for (let path: string | undefined = `/books/${party}/entries?${filter}&limit=200`; path; ) {
      const { status, body } = await tell.get('ledger', keeper, path, `auditor.${keeper}`);
      if (status === 404) break;
      expect(status, JSON.stringify(body)).toBe(200);
      items.push(...(body.items as EntryView[]));
      path = body.next as string | undefined;
    }
    return items;
  };

  /** `row: debit / credit amount`, summed over pots. */
  const postingsOf = (entries: readonly EntryView[]): string[] => {
    const sums = new Map<string, number>();
    for (const { row, lines } of entries) {
      const [debit, credit] = [lines.find(({ side }) => side === 'debit'), lines.find(({ side }) => side === 'credit')];
      expect(debit?.amountFen).toBe(credit?.amountFen);
      const key = `${row}: ${debit?.account} / ${credit?.account}`;
      sums.set(key, (sums.get(key) ?? 0) + (debit?.amountFen ?? 0));
    }
    return [...sums].map(([key, amountFen]) => `${key} ${amountFen}`).sort((a, b) => (a < b ? -1 : 1));
  };

  const sorted = (lines: readonly string[]) => [...lines].sort((a, b) => (a < b ? -1 : 1));
  const ofPots = (issued: number, amount: number) => [
    `issued: pot:committed / pot:available ${issued}`,
    `contract-registered: pot:reserved / pot:committed ${amount}`,
    `accepted: pot:redeemed / pot:reserved ${amount}`,
    `payable: pot:spent / pot:redeemed ${amount}`,
    `payable: expenditure / payable:payee ${amount}`,
  ];

  describe.each(combinations)('$payeeMode, agreed $agreed', (combination) => {
    const { home, host, payeeMode, agreed } = combination;
    const fronted = payeeMode === 'lab-redeemed' && agreed === 'host-fronted';
    const voucher = () => `voucher=${placed.get(combination)?.voucherId}`;

    test('the claim is paid, by the right city to the right payee', async () => {
      const claim = await tell.claimView(placed.get(combination) as Placed);
      expect(claim).toMatchObject({
        status: 'paid',
        route: fronted ? 'host-fronted' : 'home-direct',
        payer: fronted ? host : home,
        payee: { kind: payeeMode === 'lab-redeemed' ? 'lab' : 'enterprise' },
      });
    });

    test('the book of the home', async () => {
      const rest = fronted
        ? [
            `paid-host-fronted: payable:payee / due-to:${host} ${paid.own}`,
            `paid-host-fronted: due-from:${zhejiang} / due-to:${host} ${paid.province}`,
          ]
        : [`paid-home-direct: payable:payee / cash ${paid.own}`, `paid-home-direct: due-from:${zhejiang} / cash ${paid.province}`];
      expect(postingsOf(await entriesOf(home, voucher()))).toEqual(sorted([...ofPots(face.own, paid.own), ...rest]));
    });

    test('the book of the province', async () => {
      const row = fronted ? 'paid-host-fronted' : 'paid-home-direct';
      expect(postingsOf(await entriesOf(zhejiang, voucher()))).toEqual(
        sorted([...ofPots(face.province, paid.province), `${row}: payable:payee / due-to:${home} ${paid.province}`]),
      );
    });

    test('the book of the host', async () => {
      expect(postingsOf(await entriesOf(host, voucher()))).toEqual(
        fronted ? [`paid-host-fronted: due-from:${home} / cash ${subsidyFen}`] : [],
      );
    });

    test(fronted ? 'the payment draws on the prefund until it is settled' : 'nothing is fronted and nothing is drawn', async () => {
      const { body } = await tell.get('clearing', host, '/tie-outs', `auditor.${host}`);
      const pairs = (body.figures as { pairs: Record<string, { drawnFen: number; prefundFen: number }> }).pairs;
      expect(pairs[`${home}-${host}`]?.drawnFen ?? 0).toBe(fronted ? subsidyFen : 0);
    });
  });

  describe('the month ends', () => {
    test('the cycle nets, settles and reconciles, the prefund is whole again, and no book owes anybody', async () => {
      await system.moveClock('2026-04-01T01:00:00.000Z' as Instant);
      const pair = `/pairs/${jiaxing}-${hangzhou}`;
      await tell.must('clearing', hangzhou, `${pair}/cycles/202603/declaration`, `treasurer.${hangzhou}`, { totalFen: subsidyFen });
      await tell.must('clearing', hangzhou, `${pair}/cycles/202603/confirmation`, `treasurer.${jiaxing}`, { totalFen: subsidyFen });
      await system.waitIdle();
      const joint = 'joint-office-1.G60';
      await tell.must('clearing', 'G60', '/cycles/202603/netting', joint);
      await tell.must('clearing', 'G60', '/cycles/202603/notice', joint);
      const transfer = `/cycles/202603/transfers/202603-${jiaxing}-${hangzhou}`;
      expect((await tell.put('clearing', 'G60', `${transfer}/receipt`, `treasurer.${hangzhou}`)).status).toBe(409);
      await tell.must('clearing', 'G60', `${transfer}/sent`, `treasurer.${jiaxing}`);
      await tell.must('clearing', 'G60', `${transfer}/receipt`, `treasurer.${hangzhou}`);
      await tell.must('clearing', 'G60', '/cycles/202603/reconciliation', joint);
      await Promise.all([jiaxing, hangzhou].map((home) => settleWithProvince(home)));
      await system.waitIdle();
      const cycle = (await tell.get('clearing', 'G60', '/cycles/202603', joint)).body;
      expect(cycle).toMatchObject({ status: 'reconciled', gross: [{ debtor: jiaxing, creditor: hangzhou, amountFen: subsidyFen }] });
      for (const party of [jiaxing, hangzhou, songjiang, suzhou, zhejiang]) {
        const keeper = party === zhejiang ? hangzhou : party;
        const { status, body } = await tell.get('ledger', keeper, `/books/${party}/trial-balance`, `auditor.${keeper}`);
        if (status === 404) continue;
        expect(body.balanced).toBe(true);
        const owed = (body.accounts as { account: string; balanceFen: number }[]).filter(
          ({ account }) => /^(due-|clearing:|payable:)/.test(account) && !account.startsWith('prefund'),
        );
        expect(owed.filter(({ balanceFen }) => balanceFen !== 0)).toEqual([]);
      }
      const { body } = await tell.get('clearing', hangzhou, '/tie-outs', `auditor.${hangzhou}`);
      const settled = (body.figures as { pairs: Record<string, object> }).pairs[`${jiaxing}-${hangzhou}`];
      expect(settled).toMatchObject({ prefundFen, drawnFen: 0, unsettledFen: 0, unnettedFen: 0 });
    });
  });

  /** Cost-shares of a province are settled outside the cycle, each city with it. */
  const settleWithProvince = async (home: string) => {
    const { body } = await tell.get('clearing', home as Home, `/obligations?limit=200`, `auditor.${home}`);
    const owed = (body.items as { id: string; debtor: string; creditor: string; amountFen: number }[]).filter(
      ({ debtor, creditor }) => debtor === zhejiang && creditor === home,
    );
    const amountFen = owed.reduce((sum, obligation) => sum + obligation.amountFen, 0);
    expect(amountFen).toBe(2 * paid.province);
    await tell.must('clearing', home, `/pairs/${zhejiang}-${home}/vertical-settlements/${ulid()}`, `treasurer.${home}`, {
      amountFen,
      obligations: owed.map(({ id }) => id),
    });
  };
};
