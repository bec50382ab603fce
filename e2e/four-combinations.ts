import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EntryView, type Home, homes, type Instant } from '@tongdui/contracts';
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
const potFen = 100_000_000;
/** A face of 5 000 001 at 60 % and 40 %: the odd fen goes to the larger remainder. Of the 5 000 000 reserved, too. */
const face = { own: 3_000_001, province: 2_000_000 };
const paid = { own: 3_000_000, province: 2_000_000 };

/** The two pots of a combination's voucher. */
type Pots = { readonly own: string; readonly province: string };

const isFronted = ({ payeeMode, agreed }: Combination): boolean => payeeMode === 'lab-redeemed' && agreed === 'host-fronted';

/** Every posting of one voucher, `row: debit / credit amount, pot`, in the book of its home. */
const atHome = (combination: Combination, { own, province }: Pots): string[] => {
  const { host } = combination;
  const payment = isFronted(combination)
    ? [
        `paid-host-fronted: payable:payee / due-to:${host} ${paid.own}, ${own}`,
        `paid-host-fronted: due-from:${zhejiang} / due-to:${host} ${paid.province}, ${province}`,
      ]
    : [
        `paid-home-direct: payable:payee / cash ${paid.own}, ${own}`,
        `paid-home-direct: due-from:${zhejiang} / cash ${paid.province}, ${province}`,
      ];
  return [...ofPot(face.own, paid.own, own), ...payment];
};

const atProvince = (combination: Combination, { province }: Pots): string[] => {
  const row = isFronted(combination) ? 'paid-host-fronted' : 'paid-home-direct';
  return [
    ...ofPot(face.province, paid.province, province),
    `${row}: payable:payee / due-to:${combination.home} ${paid.province}, ${province}`,
  ];
};

const atHost = (combination: Combination): string[] =>
  isFronted(combination) ? [`paid-host-fronted: due-from:${combination.home} / cash ${subsidyFen}`] : [];

const ofPot = (issuedFen: number, amountFen: number, pot: string) => [
  `issued: pot:committed / pot:available ${issuedFen}, ${pot}`,
  `contract-registered: pot:reserved / pot:committed ${amountFen}, ${pot}`,
  `accepted: pot:redeemed / pot:reserved ${amountFen}, ${pot}`,
  `payable: pot:spent / pot:redeemed ${amountFen}, ${pot}`,
  `payable: expenditure / payable:payee ${amountFen}, ${pot}`,
];

/**
 * What is posted besides the vouchers. Jiaxing and Hangzhou each deposit one prefund with the other; the only debt between cities is the
 * one subsidy that Hangzhou fronted for Jiaxing; the province owes each of the two homes its part of two subsidies.
 */
const besideVouchers: Readonly<Record<string, readonly string[]>> = {
  [jiaxing]: [
    'prefund-moved: prefund-at:330100 / cash 50000000',
    'prefund-moved: cash / prefund-of:330100 50000000',
    'netted: due-to:330100 / clearing:202603 5000000',
    'transfer-sent: clearing:202603 / cash 5000000',
    'vertical-settled: cash / due-from:330000 4000000',
  ],
  [hangzhou]: [
    'prefund-moved: prefund-at:330400 / cash 50000000',
    'prefund-moved: cash / prefund-of:330400 50000000',
    'netted: clearing:202603 / due-from:330400 5000000',
    'transfer-received: cash / clearing:202603 5000000',
    'vertical-settled: cash / due-from:330000 4000000',
  ],
  [zhejiang]: ['vertical-settled: due-to:330400 / cash 4000000', 'vertical-settled: due-to:330100 / cash 4000000'],
};

const sorted = (lines: readonly string[]) => [...lines].sort((a, b) => (a < b ? -1 : 1));

/** Each entry as one line; equal entries are as many lines. */
const postingsOf = (entries: readonly EntryView[]): string[] =>
  sorted(
    entries.map(({ row, lines, dimensions }) => {
      const [debit, credit] = [lines.find(({ side }) => side === 'debit'), lines.find(({ side }) => side === 'credit')];
      expect(debit?.amountFen).toBe(credit?.amountFen);
      const pot = dimensions.pot === undefined ? '' : `, ${dimensions.pot}`;
      return `${row}: ${debit?.account} / ${credit?.account} ${debit?.amountFen}${pot}`;
    }),
  );

/** The whole story as a suite, on a system whose homes are served by the sets of processes given (default: one set). */
export const fourCombinations = (sets?: readonly ServiceSet[]): void => {
  let system: System;
  let tell: Story;
  const directory = mkdtempSync(join(tmpdir(), 'tongdui-combinations-'));
  const placed = new Map<Combination, Placed>();
  const pots = new Map<Combination, Pots>();

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
    const own = await tell.openPot(home, home, [home], potFen);
    const province = await tell.openPot(hangzhou, zhejiang, [home], potFen);
    pots.set(combination, { own, province });
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

  const potsOf = (combination: Combination): Pots => pots.get(combination) as Pots;

  const entriesOf = async (party: string, filter = ''): Promise<EntryView[]> => {
    const keeper = party === zhejiang ? hangzhou : party;
    const items: EntryView[] = [];
    for (let path: string | undefined = `/books/${party}/entries?limit=200${filter}`; path; ) {
      const { status, body } = await tell.get('ledger', keeper, path, `auditor.${keeper}`);
      if (status === 404) break;
      expect(status, JSON.stringify(body)).toBe(200);
      items.push(...(body.items as EntryView[]));
      path = body.next as string | undefined;
    }
    return items;
  };

  describe.each(combinations)('$payeeMode, agreed $agreed', (combination) => {
    const { home, host, payeeMode } = combination;
    const fronted = isFronted(combination);
    const voucher = () => `&voucher=${placed.get(combination)?.voucherId}`;

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
      expect(postingsOf(await entriesOf(home, voucher()))).toEqual(sorted(atHome(combination, potsOf(combination))));
    });

    test('the book of the province', async () => {
      expect(postingsOf(await entriesOf(zhejiang, voucher()))).toEqual(sorted(atProvince(combination, potsOf(combination))));
    });

    test('the book of the host', async () => {
      expect(postingsOf(await entriesOf(host, voucher()))).toEqual(atHost(combination));
    });

    test(fronted ? 'the payment draws on the prefund until it is settled' : 'nothing is fronted and nothing is drawn', async () => {
      const { body } = await tell.get('clearing', host, '/tie-outs', 'auditor.G60');
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
      const { body } = await tell.get('clearing', hangzhou, '/tie-outs', 'auditor.G60');
      const settled = (body.figures as { pairs: Record<string, object> }).pairs[`${jiaxing}-${hangzhou}`];
      expect(settled).toMatchObject({ prefundFen, drawnFen: 0, unsettledFen: 0, unnettedFen: 0 });
    });

    test.each([
      ['Jiaxing', jiaxing],
      ['Hangzhou', hangzhou],
      ['Zhejiang', zhejiang],
      ['Songjiang', songjiang],
      ['Suzhou', suzhou],
    ])('the book of %s holds these postings and no other', async (_, party) => {
      const appropriated = combinations.flatMap((combination) => {
        const { own, province } = potsOf(combination);
        return [...(combination.home === party ? [own] : []), ...(party === zhejiang ? [province] : [])];
      });
      const ofVouchers = combinations.flatMap((combination) => [
        ...(combination.home === party ? atHome(combination, potsOf(combination)) : []),
        ...(party === zhejiang ? atProvince(combination, potsOf(combination)) : []),
        ...(combination.host === party ? atHost(combination) : []),
      ]);
      expect(postingsOf(await entriesOf(party))).toEqual(
        sorted([
          ...appropriated.map((pot) => `appropriated: pot:available / pot:appropriated 100000000, ${pot}`),
          ...ofVouchers,
          ...(besideVouchers[party] ?? []),
        ]),
      );
    });

    test('there is no other book', async () => {
      const books = await Promise.all(
        homes.map(async (home) => {
          const { status, body } = await tell.get('ledger', home, '/books', 'auditor.G60');
          expect(status, JSON.stringify(body)).toBe(200);
          return (body.items as { party: string }[]).map(({ party }) => party);
        }),
      );
      expect(sorted([...new Set(books.flat())])).toEqual(sorted([jiaxing, hangzhou, zhejiang]));
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
