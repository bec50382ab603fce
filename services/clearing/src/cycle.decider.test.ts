import { endOf } from '@tongdui/calendar';
import type { CycleTerms, Instant, Member } from '@tongdui/contracts';
import { given, history } from '@tongdui/decider/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { confirmBy, declareBy, fenOf, hangzhou, jiaxing, march, songjiang } from './clearing.fixtures.ts';
import { type Command, cycle, type Fact, type Reason } from './cycle.decider.ts';
import { netted } from './netting.ts';

const terms: CycleTerms = { declarationDayOfMonth: 20, confirmationWorkingDays: 10, transferWorkingDays: 15, disputeDays: 60 };
const three: readonly Member[] = [songjiang, hangzhou, jiaxing];
const monthOver = '2026-03-31T16:00:00.000Z' as Instant;
const before = '2026-03-31T15:59:59.999Z' as Instant;
const open: Command = { type: 'OpenCycle', cycle: march, terms, members: three, at: '2026-03-01T02:00:00.000Z' as Instant };
const call: Command = { type: 'CallCycle', at: monthOver };
const at = '2026-04-25T02:00:00.000Z' as Instant;
const sealed = (debtor: Member, creditor: Member, total: number): Command => ({
  type: 'NotePairSealed',
  debtor,
  creditor,
  totalFen: fenOf(total),
  at,
});
const confirmed = (debtor: Member, creditor: Member, total: number): Command => ({
  type: 'NotePairConfirmed',
  debtor,
  creditor,
  totalFen: fenOf(total),
  at,
});
const net = (when: Instant = at): Command => ({ type: 'NetCycle', at: when });
const notice: Command = { type: 'NoticeCycle', at };
const send = (transferId: string): Command => ({ type: 'SendTransfer', transferId, at });
const receive = (transferId: string): Command => ({ type: 'ReceiveTransfer', transferId, at });
const reconcile: Command = { type: 'ReconcileCycle', at };

const toSongjiang = `${march}-${jiaxing}-${songjiang}`;
const toHangzhou = `${march}-${jiaxing}-${hangzhou}`;
/** Jiaxing owes 50 to Songjiang and 30 to Hangzhou, all other pairs nothing. */
const answered: Command[] = three.flatMap((debtor) =>
  three.flatMap((creditor) => {
    if (debtor === creditor) return [];
    const total = debtor === jiaxing ? (creditor === songjiang ? 50 : 30) : 0;
    return total === 0 ? [sealed(debtor, creditor, 0)] : [sealed(debtor, creditor, total), confirmed(debtor, creditor, total)];
  }),
);
const called = [open, call];
const nettedCycle = [...called, ...answered, net()];
const noticed = [...nettedCycle, notice];
const after = (...commands: Command[]) => {
  const { facts, decisions, state } = history(cycle, commands);
  for (const decision of decisions) expect(decision.accepted).toBe(true);
  return { ...given(cycle, ...facts), state, facts };
};
const types = (decision: { accepted: boolean; facts?: readonly Fact[] }) => decision.facts?.map((fact) => fact.type);

describe('refuses', () => {
  const rows: [Reason, Command[], Command][] = [
    ['cycle-unknown', [], call],
    ['cycle-unknown', [], net()],
    ['cycle-already-open', [open], { ...open, terms: { ...terms, disputeDays: 30 } }],
    ['month-not-over', [open], { type: 'CallCycle', at: before }],
    ['cycle-not-called', [open], net(endOf(confirmBy))],
    ['pairs-outstanding', called, net()],
    ['pairs-outstanding', [...called, ...answered.slice(0, -1)], net()],
    ['pairs-outstanding', called, net('2026-05-04T15:59:59.999Z' as Instant)],
    ['cycle-not-netted', called, notice],
    ['cycle-not-netted', called, reconcile],
    ['cycle-not-netted', called, send(toSongjiang)],
    ['cycle-not-noticed', nettedCycle, send(toSongjiang)],
    ['transfer-unknown', noticed, send(`${march}-${songjiang}-${jiaxing}`)],
    ['transfer-not-sent', noticed, receive(toSongjiang)],
    ['transfers-outstanding', [...noticed, send(toSongjiang), receive(toSongjiang), send(toHangzhou)], reconcile],
  ];
  test.each(rows)('%s', (reason, past, command) => {
    expect(after(...past).when(command)).toEqual({ accepted: false, reason });
  });
});

describe('a cycle', () => {
  test('opens for its month and is called at the first instant of the next, Shanghai time', () => {
    expect(after().when(open)).toMatchObject({ facts: [{ type: 'CycleOpened', callAt: monthOver }] });
    expect(after(open).when(open)).toEqual({ accepted: true, facts: [] });
    expect(after(open).when(call)).toMatchObject({ facts: [{ type: 'CycleCalled', declareBy, confirmBy }] });
    expect(after(open, call).when(call)).toEqual({ accepted: true, facts: [] });
  });
  test.each([
    ['2026-05-20T02:00:00.000Z', '2026-05-20'],
    ['2026-05-20T16:00:00.000Z', '2026-06-20'],
    ['2026-12-31T02:00:00.000Z', '2027-01-20'],
  ])('called late, at %s, still leaves the time to declare: by %s', (when, by) => {
    expect(after(open).when({ type: 'CallCycle', at: when as Instant })).toMatchObject({ facts: [{ declareBy: by }] });
  });
  test('counts each pair once, and takes a segment of nothing as confirmed', () => {
    expect(after(...called, sealed(jiaxing, songjiang, 50)).when(sealed(jiaxing, songjiang, 50))).toEqual({ accepted: true, facts: [] });
    expect(after(...called, confirmed(jiaxing, songjiang, 50)).when(confirmed(jiaxing, songjiang, 50))).toEqual({
      accepted: true,
      facts: [],
    });
    expect(types(after(...called, ...answered).when(net()))).toEqual(['CycleNetted']);
  });
  test('nets what was confirmed, with the transfers and the debtors that send none', () => {
    expect(after(...called, ...answered).when(net())).toMatchObject({
      facts: [
        {
          nets: [
            { party: songjiang, netFen: 50 },
            { party: hangzhou, netFen: 30 },
            { party: jiaxing, netFen: -80 },
          ],
          transfers: [
            { transferId: toSongjiang, amountFen: 50 },
            { transferId: toHangzhou, amountFen: 30 },
          ],
          settledDebtors: [songjiang, hangzhou],
          transferBy: '2026-05-15',
        },
      ],
    });
  });
  test('nets at the deadline without the pairs that were silent', () => {
    const some = [...called, sealed(jiaxing, songjiang, 50), sealed(jiaxing, hangzhou, 30), confirmed(jiaxing, hangzhou, 30)];
    expect(after(...some).when(net(endOf(confirmBy)))).toMatchObject({
      facts: [{ gross: [{ debtor: jiaxing, creditor: hangzhou, amountFen: 30 }] }],
    });
  });
  test('in which nothing was confirmed nets zero and reconciles at once', () => {
    expect(types(after(...called).when(net(endOf(confirmBy))))).toEqual(['CycleNetted', 'CycleReconciled']);
    const closed = after(...called, net(endOf(confirmBy)));
    for (const command of [notice, reconcile, net()]) expect(closed.when(command)).toEqual({ accepted: true, facts: [] });
  });
  test('does not listen to pairs once it is netted', () => {
    for (const late of [sealed(songjiang, jiaxing, 9), confirmed(songjiang, jiaxing, 9)]) {
      expect(after(...nettedCycle).when(late)).toEqual({ accepted: true, facts: [] });
    }
  });
  test('settles a debtor with the receipt of its last transfer', () => {
    const first = after(...noticed, send(toHangzhou), send(toSongjiang)).when(receive(toHangzhou));
    expect(first).toMatchObject({ facts: [{ type: 'TransferReceived', settledDebtors: [] }] });
    const last = after(...noticed, send(toHangzhou), send(toSongjiang), receive(toHangzhou)).when(receive(toSongjiang));
    expect(last).toMatchObject({ facts: [{ type: 'TransferReceived', payer: jiaxing, settledDebtors: [jiaxing] }] });
  });
  test('settles each debtor by its own transfers, not by those of others', () => {
    const fromHangzhou = `${march}-${hangzhou}-${songjiang}`;
    const both = [...called, confirmed(jiaxing, songjiang, 50), confirmed(hangzhou, songjiang, 30), confirmed(songjiang, jiaxing, 0)];
    const due = [...both, net(endOf(confirmBy)), notice, send(fromHangzhou)];
    expect(after(...due).when(receive(fromHangzhou))).toMatchObject({ facts: [{ settledDebtors: [hangzhou] }] });
    expect(after(...both).when(net(endOf(confirmBy)))).toMatchObject({
      facts: [
        {
          gross: [
            { debtor: hangzhou, creditor: songjiang, amountFen: 30 },
            { debtor: jiaxing, creditor: songjiang, amountFen: 50 },
          ],
        },
      ],
    });
  });
  test('once reconciled is closed: nothing changes it any more', () => {
    const closed = after(...noticed, send(toHangzhou), send(toSongjiang), receive(toHangzhou), receive(toSongjiang), reconcile);
    expect(closed.state.is).toBe('reconciled');
    for (const command of [
      call,
      ...answered,
      net(),
      notice,
      send(toHangzhou),
      receive(toHangzhou),
      reconcile,
      sealed(songjiang, jiaxing, 1),
    ]) {
      expect(closed.when(command)).toEqual({ accepted: true, facts: [] });
    }
  });
  test('takes every command again without another fact', () => {
    const commands = [...noticed, send(toHangzhou), send(toSongjiang), receive(toHangzhou), receive(toSongjiang), reconcile];
    const once = history(cycle, commands);
    const twice = history(
      cycle,
      commands.flatMap((command) => [command, command]),
    );
    expect(twice.facts).toEqual(once.facts);
  });
});

describe('netting', () => {
  const members = ['310117', '320500', '330100', '330400', '330500', '330700', '340100', '340200', '341800'] as Member[];
  const gross = fc
    .uniqueArray(fc.record({ from: fc.nat(8), to: fc.nat(8), amount: fc.integer({ min: 1, max: 10 ** 13 }) }), {
      selector: ({ from, to }) => `${from}-${to}`,
      maxLength: 72,
      size: 'max',
    })
    .map((entries) =>
      entries.flatMap(({ from, to, amount }) =>
        from === to ? [] : [{ debtor: members[from]!, creditor: members[to]!, amountFen: fenOf(amount) }],
      ),
    );

  test('nets sum to zero, transfers clear every net exactly and are at most n − 1, in any order of the gross', () => {
    fc.assert(
      fc.property(gross, fc.nat(), (entries, turn) => {
        const result = netted(march, members, entries);
        const turned = [...entries.slice(turn % (entries.length + 1)), ...entries.slice(0, turn % (entries.length + 1))];
        expect(netted(march, [...members].reverse(), turned)).toEqual(result);
        expect(result.nets.reduce((sum, { netFen }) => sum + netFen, 0)).toBe(0);
        const left = new Map(result.nets.map(({ party, netFen }) => [party, netFen]));
        for (const { debtor, creditor, amountFen } of entries) {
          left.set(debtor, left.get(debtor)! + amountFen);
          left.set(creditor, left.get(creditor)! - amountFen);
        }
        expect([...left.values()].every((value) => value === 0)).toBe(true);
        const open = new Map(result.nets.map(({ party, netFen }) => [party, netFen]));
        for (const { payer, receiver, amountFen } of result.transfers) {
          expect(amountFen).toBeGreaterThan(0);
          open.set(payer, open.get(payer)! + amountFen);
          open.set(receiver, open.get(receiver)! - amountFen);
        }
        expect([...open.values()].every((value) => value === 0)).toBe(true);
        const involved = result.nets.filter(({ netFen }) => netFen !== 0).length;
        expect(result.transfers.length).toBeLessThanOrEqual(Math.max(0, involved - 1));
        expect(new Set(result.transfers.map(({ transferId }) => transferId)).size).toBe(result.transfers.length);
        const payers = new Set(result.transfers.map(({ payer }) => payer));
        expect([...result.settledDebtors, ...payers].sort()).toEqual(members);
      }),
    );
  });
  test('lets the largest debtor pay the largest creditor, ties to the lower code', () => {
    const [a, b, c, d] = members as [Member, Member, Member, Member];
    const owes = (debtor: Member, creditor: Member, amount: number) => ({ debtor, creditor, amountFen: fenOf(amount) });
    expect(netted(march, members, [owes(d, a, 10), owes(c, b, 10)]).transfers.map(({ payer, receiver }) => [payer, receiver])).toEqual([
      [c, a],
      [d, b],
    ]);
  });
});
