import { eventDefinitionOf, issuanceNouns } from '@tongdui/contracts';
import { memoryEventStore } from '@tongdui/event-store';
import { beforeEach, describe, expect, test } from 'vitest';
import { figuresOf, invariantsOf } from './invariants.ts';
import { applicationId, bpsOf, fenOf, jiaxing, officer, ownedBy, policyId, potId, songjiang, terms, uscc } from './issuance.fixtures.ts';
import { scenario } from './issuance.scenario.fixtures.ts';
import { processOf, type World, world } from './issuance.stage.fixtures.ts';

let at: World;
let people: ReturnType<typeof scenario>;
beforeEach(() => {
  at = world();
  people = scenario(at);
});

describe('issuing a voucher', () => {
  test('goes from policy to voucher; every row and event has the form of the contract', async () => {
    const process = processOf(at, 'all');
    await people.prepared(process);
    await people.openPot(process, 2, 1_000_000, jiaxing);
    await people.apply(process, 1, 101);
    const funding = [
      { potId: potId(1), bps: bpsOf(5_000) },
      { potId: potId(2, jiaxing), bps: bpsOf(5_000) },
    ];
    expect(await people.approve(process, 1, 101, funding)).toMatchObject({ is: 'done', created: true, id: applicationId(1) });
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
    await people.prepared(process);
    await people.apply(process, 1, 100);
    expect(await people.approve(process, 1, 100)).toMatchObject({ is: 'done', created: true });
    expect(await people.approve(process, 1, 100)).toMatchObject({ is: 'done', created: false });
    const other = process.operations.approveApplication(people.ask(officer('approver-1', 'approver'), 'approve 1', 'other body'), {
      id: applicationId(1),
      faceFen: fenOf(1),
      funding: [],
    });
    expect(await other).toMatchObject({ is: 'refused', reason: 'id-reused' });
    await process.idle();
    expect(people.usedBy(process)).toBe(100);
    expect(people.potOf(process)).toMatchObject({ grantedFen: 100 });
  });

  test('a large amount waits for a second approver; the first approval stays done whatever comes after it', async () => {
    const process = processOf(at, 'all');
    await people.prepared(process, 600_000);
    const again = (number: number) =>
      at.wall.answer(
        process.operations.approveApplicationAgain(people.ask(officer('approver-2', 'approver'), `again ${number}`), {
          id: applicationId(number),
        }),
      );
    await people.apply(process, 1, 600_000);
    expect(await people.approve(process, 1, 600_000)).toMatchObject({ is: 'done', created: true });
    await process.idle();
    expect(process.rows.get('applications', applicationId(1))).toMatchObject({ status: 'approved' });
    expect(people.potOf(process)).toMatchObject({ grantedFen: 0 });
    expect(await again(1)).toMatchObject({ is: 'done', created: true });

    await people.register(process, uscc(2));
    await people.apply(process, 2, 600_000, uscc(2));
    expect(await people.approve(process, 2, 600_000)).toMatchObject({ is: 'done', created: true });
    expect(await again(2)).toMatchObject({ is: 'refused', reason: 'pot-short' });
    expect(await again(2)).toMatchObject({ is: 'refused', reason: 'pot-short' });
    expect(await people.approve(process, 2, 600_000)).toMatchObject({ is: 'done', created: false });
  });

  test.each([
    ['allowance-short', 1_000_001, potId(1)],
    ['pot-short', 500_000, potId(2)],
    ['pot-of-another-year', 1, potId(3)],
    ['pot-unknown', 1, potId(4)],
    ['pot-not-open-to-city', 1, potId(5)],
  ])('is refused for the reason of its part: %s', async (reason, faceFen, pot) => {
    const process = processOf(at, 'all');
    await people.prepared(process, 5_000_000);
    await people.openPot(process, 2, 499_999);
    await people.openPot(process, 3, 100, songjiang, 2027);
    const closed = { id: potId(5), owner: ownedBy(songjiang), fiscalYear: 2026, name: '嘉兴专用', openTo: [jiaxing] };
    await process.operations.openPot(people.ask(officer('budget-1', 'budget-officer'), 'pot 5'), closed);
    await people.apply(process, 1, faceFen);
    const first = await people.approve(process, 1, faceFen, [{ potId: pot, bps: bpsOf(10_000) }]);
    const answer =
      faceFen > terms.secondApprovalAboveFen
        ? await at.wall.answer(
            process.operations.approveApplicationAgain(people.ask(officer('approver-2', 'approver'), 'again'), { id: applicationId(1) }),
          )
        : first;
    expect(answer).toMatchObject({ is: 'refused', reason });
    await process.idle();
    expect(process.rows.get('applications', applicationId(1))).toMatchObject({ status: 'rejected', reason });
    expect(people.usedBy(process)).toBe(0);
    expect(people.potOf(process)).toMatchObject({ grantedFen: 0 });
  });

  test('of 64 applications for the last fen of a pot one gets it; the others hear why and keep their allowance', async () => {
    const process = processOf(at, 'all');
    await people.prepared(process, 1);
    const numbers = Array.from({ length: 64 }, (_, index) => index + 1);
    await Promise.all(numbers.map((number) => people.register(process, uscc(number))));
    await Promise.all(numbers.map((number) => people.apply(process, number, 1, uscc(number))));
    const answers = await Promise.all(numbers.map((number) => people.approve(process, number, 1)));
    await process.idle();
    expect(answers.filter(({ is }) => is === 'done')).toHaveLength(1);
    expect(answers.filter((answer) => answer.is === 'refused' && answer.reason === 'pot-short')).toHaveLength(63);
    expect(people.potOf(process)).toMatchObject({ appropriatedFen: 1, grantedFen: 1, availableFen: 0 });
    expect(numbers.reduce((sum, number) => sum + (people.usedBy(process, uscc(number)) ?? 0), 0)).toBe(1);
    expect(people.statuses(process).filter((status) => status === 'issued')).toHaveLength(1);
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
    await at.wall.answer(people.prepared(process));
    await at.wall.answer(people.apply(process, 1, 100));
    await people.approve(process, 1, 100);
    await process.idle();
    expect((await process.published(songjiang)).filter(({ type }) => type.includes('voucher-issued'))).toHaveLength(1);
    expect(people.potOf(process)).toMatchObject({ grantedFen: 100 });
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
