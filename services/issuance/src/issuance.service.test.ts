import {
  type ApplicationView,
  allowanceIdOf,
  type CloudEvent,
  enterpriseIdOf,
  eventDefinitionOf,
  type Home,
  issuanceNouns,
  type Member,
  sanctionChanged,
  type Uscc,
  voucherClosed,
} from '@tongdui/contracts';
import { memoryEventStore } from '@tongdui/event-store';
import { beforeEach, describe, expect, test } from 'vitest';
import { invariantsOf, figuresOf } from './invariants.ts';
import {
  account,
  applicant,
  applicationId,
  bpsOf,
  day,
  enterprise,
  fenOf,
  jiaxing,
  officer,
  ownedBy,
  policyId,
  potId,
  songjiang,
  terms,
  uscc,
} from './issuance.fixtures.ts';
import type { SanctionCopy } from './issuance.projection.ts';
import { eventFrom, processOf, requested, type World, world } from './issuance.stage.fixtures.ts';

type Process = ReturnType<typeof processOf>;
let at: World;
beforeEach(() => {
  at = world();
});

const ask = (actor: Parameters<typeof requested>[1], key: string, hash?: string) => requested(at.clock, actor, key, hash);
const sums = (process: Process) => process.rows.list<ApplicationView>('applications').map(({ status }) => status);

const publishPolicy = ({ operations }: Process, home: Member = songjiang) =>
  operations.publishPolicy(ask(officer('policy-1', 'policy-officer', home), `policy ${home}`), {
    id: policyId(1, home),
    effectiveFrom: day('2026-01-01'),
    terms,
  });
const openPot = async ({ operations }: Process, number: number, amount: number, home: Member = songjiang, year = 2026) => {
  const budget = officer('budget-1', 'budget-officer', home);
  const id = potId(number, home);
  const pot = { id, owner: ownedBy(home), fiscalYear: year, name: '创新券资金', openTo: [songjiang] };
  await operations.openPot(ask(budget, `pot ${id}`), pot);
  return operations.appropriateToPot(ask(budget, `money ${id}`), { id, appropriationId: '01J', amountFen: fenOf(amount) });
};
const register = ({ operations }: Process, org: Uscc = enterprise) =>
  operations.registerEnterprise(ask(officer('checker-1', 'reviewer'), `enterprise ${org}`), {
    id: enterpriseIdOf(songjiang, org),
    name: '松江新材料公司',
    establishedOn: day('2020-01-01'),
    account,
  });
const apply = async ({ operations }: Process, number: number, requestedFen: number, org: Uscc = enterprise) => {
  const id = applicationId(number);
  const draft = { id, enterprise: org, requestedFen: fenOf(requestedFen), categories: [], purpose: '检测' };
  await operations.draftApplication(ask(applicant(org), `draft ${id}`), draft);
  await operations.submitApplication(ask(applicant(org), `submit ${id}`), { id });
  return operations.checkApplication(ask(officer('checker-1', 'reviewer'), `check ${id}`), { id });
};
const approve = ({ operations }: Process, number: number, faceFen: number, funding = [{ potId: potId(1), bps: bpsOf(10_000) }]) =>
  at.wall.answer(
    operations.approveApplication(ask(officer('approver-1', 'approver'), `approve ${number}`), {
      id: applicationId(number),
      faceFen: fenOf(faceFen),
      funding,
    }),
  );
const prepared = async (process: Process, potFen = 1_000_000) => {
  await publishPolicy(process);
  await register(process);
  await openPot(process, 1, potFen);
};
const usedBy = (process: Process, org: Uscc = enterprise) =>
  process.rows.get<{ usedFen: number }>('allowances', allowanceIdOf(songjiang, org, 2026))?.usedFen;
const potOf = (process: Process, number = 1, home: Member = songjiang) => process.rows.get('pots', potId(number, home));

describe('issuing a voucher', () => {
  test('goes from policy to voucher; every row and event has the form of the contract', async () => {
    const process = processOf(at, 'all');
    await prepared(process);
    await openPot(process, 2, 1_000_000, jiaxing);
    await apply(process, 1, 101);
    const funding = [
      { potId: potId(1), bps: bpsOf(5_000) },
      { potId: potId(2, jiaxing), bps: bpsOf(5_000) },
    ];
    expect(await approve(process, 1, 101, funding)).toMatchObject({ is: 'done', created: true, id: applicationId(1) });
    await process.idle();

    for (const noun of Object.values(issuanceNouns)) {
      const rows = process.rows.list(noun.noun);
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(noun.view.safeParse(row)).toMatchObject({ success: true });
    }
    const events = [...(await process.published(songjiang)), ...(await process.published(jiaxing))];
    for (const event of events) expect(eventDefinitionOf(event.type)?.event.safeParse(event)).toMatchObject({ success: true });
    expect(events.at(-2)).toMatchObject({
      type: 'g60.issuance.voucher-issued.v1',
      data: {
        voucherId: applicationId(1).replace('application', 'voucher'),
        policyId: policyId(1),
        issuedOn: '2026-03-02',
        expiresOn: '2027-03-02',
        slices: [
          { potId: potId(1), owner: songjiang, fiscalYear: 2026, amountFen: 51 },
          { potId: potId(2, jiaxing), owner: jiaxing, fiscalYear: 2026, amountFen: 50 },
        ],
      },
    });
    const invariants = Object.values(invariantsOf(process.rows).invariants);
    expect(invariants.map(({ held, checked }) => held && checked > 0)).toEqual([true, true, true, true]);
    expect(figuresOf(process.rows).pots[potId(1)]).toEqual({ owner: songjiang, appropriatedFen: 1_000_000, grantedFen: 51 });
  });

  test('a retry is answered like the first time, and another body under the same id is refused', async () => {
    const process = processOf(at, 'all');
    await prepared(process);
    await apply(process, 1, 100);
    expect(await approve(process, 1, 100)).toMatchObject({ is: 'done', created: true });
    expect(await approve(process, 1, 100)).toMatchObject({ is: 'done', created: false });
    const other = process.operations.approveApplication(ask(officer('approver-1', 'approver'), 'approve 1', 'other body'), {
      id: applicationId(1),
      faceFen: fenOf(1),
      funding: [],
    });
    expect(await other).toMatchObject({ is: 'refused', reason: 'id-reused' });
    await process.idle();
    expect(usedBy(process)).toBe(100);
    expect(potOf(process)).toMatchObject({ grantedFen: 100 });
  });

  test('a large amount waits for a second approver; the first approval stays done whatever comes after it', async () => {
    const process = processOf(at, 'all');
    await prepared(process, 600_000);
    const again = (number: number) =>
      at.wall.answer(
        process.operations.approveApplicationAgain(ask(officer('approver-2', 'approver'), `again ${number}`), {
          id: applicationId(number),
        }),
      );
    await apply(process, 1, 600_000);
    expect(await approve(process, 1, 600_000)).toMatchObject({ is: 'done', created: true });
    await process.idle();
    expect(process.rows.get('applications', applicationId(1))).toMatchObject({ status: 'approved' });
    expect(potOf(process)).toMatchObject({ grantedFen: 0 });
    expect(await again(1)).toMatchObject({ is: 'done', created: true });

    await register(process, uscc(2));
    await apply(process, 2, 600_000, uscc(2));
    expect(await approve(process, 2, 600_000)).toMatchObject({ is: 'done', created: true });
    expect(await again(2)).toMatchObject({ is: 'refused', reason: 'pot-short' });
    expect(await again(2)).toMatchObject({ is: 'refused', reason: 'pot-short' });
    expect(await approve(process, 2, 600_000)).toMatchObject({ is: 'done', created: false });
  });

  test.each([
    ['allowance-short', 1_000_001, potId(1)],
    ['pot-short', 500_000, potId(2)],
    ['pot-of-another-year', 1, potId(3)],
    ['pot-unknown', 1, potId(4)],
    ['pot-not-open-to-city', 1, potId(5)],
  ])('is refused for the reason of its part: %s', async (reason, faceFen, pot) => {
    const process = processOf(at, 'all');
    await prepared(process, 5_000_000);
    await openPot(process, 2, 499_999);
    await openPot(process, 3, 100, songjiang, 2027);
    const closed = { id: potId(5), owner: ownedBy(songjiang), fiscalYear: 2026, name: '嘉兴专用', openTo: [jiaxing] };
    await process.operations.openPot(ask(officer('budget-1', 'budget-officer'), 'pot 5'), closed);
    await apply(process, 1, faceFen);
    const first = await approve(process, 1, faceFen, [{ potId: pot, bps: bpsOf(10_000) }]);
    const answer =
      faceFen > terms.secondApprovalAboveFen
        ? await at.wall.answer(
            process.operations.approveApplicationAgain(ask(officer('approver-2', 'approver'), 'again'), { id: applicationId(1) }),
          )
        : first;
    expect(answer).toMatchObject({ is: 'refused', reason });
    await process.idle();
    expect(process.rows.get('applications', applicationId(1))).toMatchObject({ status: 'rejected', reason });
    expect(usedBy(process)).toBe(0);
    expect(potOf(process)).toMatchObject({ grantedFen: 0 });
  });

  test('of 64 applications for the last fen of a pot one gets it; the others hear why and keep their allowance', async () => {
    const process = processOf(at, 'all');
    await prepared(process, 1);
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
    await Promise.all(numbers.map((number) => register(process, uscc(number))));
    await Promise.all(numbers.map((number) => apply(process, number, 1, uscc(number))));
    const answers = await Promise.all(numbers.map((number) => approve(process, number, 1)));
    await process.idle();
    expect(answers.filter(({ is }) => is === 'done')).toHaveLength(1);
    expect(answers.filter((answer) => answer.is === 'refused' && answer.reason === 'pot-short')).toHaveLength(63);
    expect(potOf(process)).toMatchObject({ appropriatedFen: 1, grantedFen: 1, availableFen: 0 });
    expect(numbers.reduce((sum, number) => sum + (usedBy(process, uscc(number)) ?? 0), 0)).toBe(1);
    expect(sums(process).filter((status) => status === 'issued')).toHaveLength(1);
    expect(Object.values(invariantsOf(process.rows).invariants).every(({ held }) => held)).toBe(true);
  });

  test('lost answers of the store lead to one voucher, and rows built again from nothing are the same', async () => {
    const store = memoryEventStore({ epoch: 'faulty' });
    let appends = 0;
    store.faults.chooseFate = () => {
      appends += 1;
      return appends % 3 === 0 ? 'answer-lost' : appends % 7 === 0 ? 'not-landed' : 'lands';
    };
    const process = processOf(at, 'first', undefined, store);
    await at.wall.answer(prepared(process));
    await at.wall.answer(apply(process, 1, 100));
    await approve(process, 1, 100);
    await process.idle();
    expect((await process.published(songjiang)).filter(({ type }) => type.includes('voucher-issued'))).toHaveLength(1);
    expect(potOf(process)).toMatchObject({ grantedFen: 100 });
    const tables = ['policies', 'enterprises', 'pots', 'allowances', 'applications'];
    const before = tables.map((table) => process.rows.list(table));
    await process.stop();

    const again = processOf(at, 'second', undefined, store.reopen());
    await again.idle();
    expect(tables.map((table) => again.rows.list(table))).toEqual(before);
    expect(await again.published(songjiang)).toHaveLength(4);
    await again.stop();
  });
});

describe('a pot of another city', () => {
  const both = async () => {
    const here = processOf(at, 'songjiang', [songjiang as string as Home]);
    const there = processOf(at, 'jiaxing', [jiaxing as string as Home]);
    await prepared(here);
    await openPot(there, 2, 1_000, jiaxing);
    await apply(here, 1, 100);
    return { here, there };
  };
  const funding = [
    { potId: potId(1), bps: bpsOf(5_000) },
    { potId: potId(2, jiaxing), bps: bpsOf(5_000) },
  ];

  test('is asked over the bus', async () => {
    const { here, there } = await both();
    await at.wall.until(() => here.running.isStarted() && there.running.isStarted());
    expect(await approve(here, 1, 100, funding)).toMatchObject({ is: 'done', created: true });
    await there.idle();
    expect(potOf(there, 2, jiaxing)).toMatchObject({ grantedFen: 50 });
  });

  test('that cannot be reached is no refusal: pending, then issued when it is back', async () => {
    const { here, there } = await both();
    at.hub.partition('jiaxing');
    expect(await approve(here, 1, 100, funding)).toMatchObject({ is: 'pending' });
    at.hub.heal('jiaxing');
    await at.wall.until(() => sums(here)[0] === 'issued');
    await there.idle();
    expect(potOf(there, 2, jiaxing)).toMatchObject({ grantedFen: 50 });
    expect(await approve(here, 1, 100, funding)).toMatchObject({ is: 'done', created: false });
  });

  test('that cannot be reached by the deadline refuses the issue, and is released when it is back', async () => {
    const { here, there } = await both();
    at.hub.partition('jiaxing');
    expect(await approve(here, 1, 100, funding)).toMatchObject({ is: 'pending' });
    at.clock.moveTo('2026-03-02T02:10:00.000Z' as ReturnType<typeof at.clock.now>);
    await at.wall.until(() => sums(here)[0] === 'rejected');
    expect(here.rows.get('applications', applicationId(1))).toMatchObject({ reason: 'deadline-passed' });
    at.hub.heal('jiaxing');
    await here.idle();
    expect(usedBy(here)).toBe(0);
    expect(potOf(here)).toMatchObject({ grantedFen: 0 });
    expect(await there.handlers['pot']?.current(`issuance.${jiaxing}.${potId(2, jiaxing).slice(7)}`)).toMatchObject({ revision: 2 });
    const late = {
      type: 'commit-pot',
      at: at.clock.now(),
      potId: potId(2, jiaxing),
      applicationId: applicationId(1),
      forHome: songjiang,
      year: 2026,
      amountFen: 50,
    };
    expect(await there.asks(late)).toEqual({ is: 'no', reason: 'commitment-released' });
  });
});

describe('what the other services publish', () => {
  test('a closed voucher gives back to pot and allowance, once however often it is told', async () => {
    const process = processOf(at, 'all');
    await prepared(process);
    await apply(process, 1, 100);
    await approve(process, 1, 100);
    await process.idle();
    const slices = [{ potId: potId(1), owner: songjiang, fiscalYear: 2026, amountFen: 60 }];
    const data = {
      voucherId: applicationId(1).replace('application', 'voucher'),
      home: songjiang,
      enterprise,
      slices,
      occurredAt: at.clock.now(),
      cause: 'expired',
    };
    const closed = eventFrom('redemption', songjiang, voucherClosed.type, data);
    const redemption = at.hub.connect('redemption');
    await redemption.publish({ service: 'redemption', home: songjiang as string as Home }, [closed]);
    await redemption.publish({ service: 'redemption', home: songjiang as string as Home }, [closed]);
    await at.wall.until(() => usedBy(process) !== 100);
    await process.idle();
    expect(usedBy(process)).toBe(40);
    expect(potOf(process)).toMatchObject({ grantedFen: 40, availableFen: 999_960 });
    const pot = await process.store.read(`issuance.${songjiang}.${potId(1).slice(7)}`);
    expect(pot.filter(({ type }) => type === 'PotReturned')).toHaveLength(1);
  });

  test('a sanction stops check and approval while it is in force', async () => {
    const process = processOf(at, 'all');
    await prepared(process);
    await process.idle();
    const registry = at.hub.connect('registry');
    let last: CloudEvent | undefined;
    const tell = async (status: 'imposed' | 'lifted', validFrom: string) => {
      const said = { sanctionId: 'G60-sanction-1', uscc: enterprise, status, reason: '骗取补贴', validFrom, validUntil: '2026-12-31' };
      last = eventFrom('registry', 'G60', sanctionChanged.type, { ...said, occurredAt: at.clock.now() }, last);
      await registry.publish({ service: 'registry', home: 'G60' as Home }, [last]);
      await at.wall.until(() => {
        const copy = process.rows.get<SanctionCopy>('sanction-copies', 'G60-sanction-1');
        return copy?.status === status && copy.validFrom === validFrom;
      });
    };
    await tell('imposed', '2026-03-03');
    expect(await apply(process, 1, 100)).toMatchObject({ is: 'done' });
    await tell('imposed', '2026-03-02');
    expect(await apply(process, 2, 100)).toMatchObject({ is: 'refused', reason: 'enterprise-sanctioned' });
    expect(await approve(process, 1, 100)).toMatchObject({ is: 'refused', reason: 'enterprise-sanctioned' });
    await tell('lifted', '2026-03-02');
    expect(await approve(process, 1, 100)).toMatchObject({ is: 'done' });
  });
});

describe('who may do what', () => {
  const elsewhere = (role: Parameters<typeof officer>[1]) => ask(officer('someone', role, jiaxing), `${role} elsewhere`);

  test('refuses: not-allowed, to everyone without the role at the city that decides', async () => {
    const { operations } = processOf(at, 'all');
    const id = applicationId(1);
    const refusal = { is: 'refused', reason: 'not-allowed' };
    const pot = { id: potId(1), owner: ownedBy(songjiang), fiscalYear: 2026, name: 'x', openTo: [songjiang] };
    const registered = { id: enterpriseIdOf(songjiang, enterprise), name: 'x', establishedOn: day('2020-01-01'), account };
    const answers = [
      operations.publishPolicy(elsewhere('policy-officer'), { id: policyId(1), effectiveFrom: day('2026-01-01'), terms }),
      operations.registerEnterprise(elsewhere('reviewer'), registered),
      operations.openPot(elsewhere('budget-officer'), pot),
      operations.appropriateToPot(elsewhere('budget-officer'), { id: potId(1), appropriationId: 'a', amountFen: fenOf(1) }),
      operations.draftApplication(elsewhere('reviewer'), { id, enterprise, requestedFen: fenOf(1), categories: [], purpose: 'x' }),
      operations.submitApplication(elsewhere('reviewer'), { id }),
      operations.checkApplication(elsewhere('reviewer'), { id }),
      operations.approveApplication(elsewhere('approver'), { id, faceFen: fenOf(1), funding: [] }),
      operations.approveApplicationAgain(elsewhere('approver'), { id }),
      operations.rejectApplication(elsewhere('approver'), { id, reason: 'x' }),
      operations.withdrawApplication(elsewhere('approver'), { id }),
    ];
    for (const answer of await Promise.all<unknown>(answers)) expect(answer).toMatchObject(refusal);
  });

  test('refuses: foreign-organisation, to an enterprise that acts for another', async () => {
    const process = processOf(at, 'all');
    const { operations } = process;
    await prepared(process);
    await apply(process, 1, 100);
    const other = ask(applicant(uscc(2)), 'other');
    const refusal = { is: 'refused', reason: 'foreign-organisation' };
    const draft = { id: applicationId(2), enterprise, requestedFen: fenOf(1), categories: [], purpose: 'x' };
    expect(await operations.draftApplication(other, draft)).toMatchObject(refusal);
    expect(await operations.submitApplication(other, { id: applicationId(1) })).toMatchObject(refusal);
    expect(await operations.withdrawApplication(other, { id: applicationId(1) })).toMatchObject(refusal);
  });

  test('refuses: owner-of-another-city, where another city keeps the book of the owner', async () => {
    const { operations } = processOf(at, 'all');
    const budget = ask(officer('budget-1', 'budget-officer'), 'pot');
    const pot = { id: potId(1), owner: ownedBy(jiaxing), fiscalYear: 2026, name: 'x', openTo: [songjiang] };
    expect(await operations.openPot(budget, pot)).toMatchObject({ is: 'refused', reason: 'owner-of-another-city' });
  });
});
