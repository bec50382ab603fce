import type { ServiceName } from '@tongdui/contracts';
import type { Show } from './auditor.ts';
import { type Call, official } from './calls.ts';
import { randomOf } from './random.ts';
import type { Play } from './simulate.ts';
import { stepsOfClearing } from './steps.clearing.ts';
import { type Steps, stepOfApplication, stepOfOrder } from './steps.ts';

/** The faults have stopped. Officers do what there is to do and time goes on, until nothing is left; then the books must tie out. */

const roundsMax = 120;
const regretRounds = 10;

export const settle = async (play: Play): Promise<void> => {
  const { world, book } = play;
  world.calm();
  await idle(play);
  const random = randomOf(`${play.options.seed}/settle`);
  let quietRounds = 0;
  for (let round = 0; quietRounds < 3; round += 1) {
    if (round === roundsMax) return play.fail(`something never ends: ${openThings(play).slice(0, 5).join('; ')}`);
    const steps: Steps = { book, random, mischief: false, regrets: round < regretRounds };
    const calls = [
      ...book.applications.flatMap((id) => endOfApplication(steps, id)),
      ...book.orders.flatMap((id) => stepOfOrder(steps, id)),
      ...stepsOfClearing(steps),
    ];
    for (const call of withoutRepeats(calls)) play.make(call);
    if (calls.length > 0) await idle(play);
    const open = openThings(play);
    quietRounds = open.length === 0 ? quietRounds + 1 : 0;
    // Where nobody can do anything, everybody waits for a deadline.
    world.moveClock(calls.length === 0 ? 3 * 1_440 : 1_440);
    await idle(play);
  }
  await closing(play);
};

/** No new vouchers any more. */
const endOfApplication = (steps: Steps, id: string): Call[] =>
  stepOfApplication(steps, id).map(({ operation, home, ids, actor, ...call }) =>
    operation === 'submitApplication'
      ? { ...call, home, ids, actor, operation: 'withdrawApplication', path: `/applications/${id}/withdrawal`, body: {} }
      : {
          ...call,
          home,
          ids,
          operation: 'rejectApplication',
          path: `/applications/${id}/rejection`,
          body: { reason: 'the season is over' },
          actor: official('approver', home, 3),
        },
  );

/** Two officers do not pay into the same prefund for each payment that waits. */
const withoutRepeats = (calls: readonly Call[]): Call[] => {
  const seen = new Set<string>();
  return calls.filter(({ operation, ids, path }) => {
    const key = operation === 'depositPrefund' ? `deposit ${String(ids.pair)}` : path;
    return !seen.has(key) && seen.add(key);
  });
};

/** Time passes until every process says twice in a row that it has nothing to do. */
const idle = async (play: Play): Promise<void> => {
  const { processes } = play.world;
  let before = '';
  for (let waited = 0; waited < 400; waited += 1) {
    await play.pass(waited < 4 ? 60 : 1_500);
    if (play.underWay > 0 || !processes.every((process) => process.isReady() && process.now() === play.world.now())) continue;
    const heads = await headsOfIdle(play);
    if (heads === undefined) continue;
    if (heads === before) return;
    before = heads;
  }
  const states = await Promise.all(processes.map(async (process) => ({ name: process.name, ...(await process.host?.status()) })));
  const busy = states
    .filter((state) => !state.idle)
    .map(({ name, work, performing }) => `${name} ${JSON.stringify(work?.filter(({ dueNow }) => dueNow > 0))} ${performing}`);
  play.fail(`it never comes to rest: ${busy.join('; ')}; last told: ${JSON.stringify(play.world.told.at(-1))}`);
  await play.pass(0);
};

/** Undefined as soon as one process has something to do, or has not heard of all that another has published. */
const headsOfIdle = async (play: Play): Promise<string | undefined> => {
  const heads: string[] = [];
  const published = new Map<string, number>();
  const consumed: Readonly<Record<string, number>>[] = [];
  for (const { host, service } of play.world.processes) {
    const state = await host?.status();
    if (!state?.idle) return undefined;
    const [halted] = state.halted;
    if (halted) play.fail(`a line is halted: ${JSON.stringify(halted)}`);
    heads.push(state.head);
    consumed.push(state.consumed);
    for (const [home, sequence] of Object.entries(state.published)) published.set(`/${service}/${home}`, sequence);
  }
  const hasHeard = (next: Readonly<Record<string, number>>) =>
    Object.entries(next).every(([source, wanted]) => wanted > (published.get(source) ?? 0));
  return consumed.every(hasHeard) ? heads.join() : undefined;
};

const overOrders = new Set(['declined', 'cancelled', 'expired', 'accepted-by-enterprise', 'none']);
const overClaims = new Set(['paid', 'recovered', 'written-off', 'rejected', 'lapsed']);
const overPayments = new Set(['paid', 'recovered', 'cancelled']);
const overApplications = new Set(['issued', 'rejected', 'withdrawn']);

/** What has not come to its end: nothing of it may stay. */
const openThings = ({ book, world }: Play): string[] => {
  const open = (service: ServiceName, table: string, field: 'status' | 'is', over: ReadonlySet<string>) =>
    book.town.cities.flatMap((home) =>
      book
        .list(service, home, table)
        .flatMap((row) =>
          row[field] === undefined || over.has(String(row[field]))
            ? []
            : [`${table} ${row.id ?? row.orderId ?? row.claimId} is ${row[field]}`],
        ),
    );
  return [
    ...open('issuance', 'applications', 'status', overApplications),
    ...open('redemption', 'orders', 'is', overOrders),
    ...open('redemption', 'claims', 'status', overClaims),
    ...open('redemption', 'payments', 'status', overPayments),
    ...open('clearing', 'obligations', 'status', new Set(['settled'])),
    ...open('clearing', 'draws', 'status', new Set(['used', 'released'])),
    ...book
      .list('clearing', 'G60', 'cycles')
      .flatMap(({ id, status, callAt }) => (status === 'reconciled' || callAt > world.now() ? [] : [`cycle ${id} is ${status}`])),
  ];
};

/** The last look: every figure of every service, and read models built from nothing. */
const closing = async (play: Play): Promise<void> => {
  const { world, auditor } = play;
  const ofEachDisk = world.processes.filter((process, at, all) => all.findIndex(({ disk }) => disk === process.disk) === at);
  const show: Show = (service, table) =>
    ofEachDisk.filter((process) => process.service === service).flatMap(({ rows }) => rows.list<Row>(table));
  auditor.close(show, world.bank.paid());
  await play.pass(0);
  const before = dumps(play);
  for (const process of world.processes) process.kill('lost');
  for (const process of world.processes) process.start();
  await idle(play);
  const after = dumps(play);
  for (const [name, text] of before)
    if (after.get(name) !== text) play.fail(`${name} is another after it was rebuilt: ${difference(text, after.get(name) ?? '')}`);
  await play.pass(0);
};

const tables: Readonly<Record<ServiceName, readonly string[]>> = {
  issuance: ['policies', 'enterprises', 'pots', 'allowances', 'applications', 'sanction-copies'],
  registry: ['providers', 'offerings', 'recognitions', 'sanctions'],
  redemption: [
    'vouchers',
    'orders',
    'claims',
    'payments',
    'invoices',
    'evidence',
    'copy-policies',
    'copy-providers',
    'copy-agreements',
    'copy-recognitions',
    'copy-sanctions',
    'copy-offerings',
    'copy-enterprises',
  ],
  clearing: ['pairs', 'obligations', 'segments', 'draws', 'agreements', 'cycles'],
  ledger: ['books', 'balances', 'potBalances', 'entries', 'entryPointers'],
};

const dumps = ({ world }: Play): Map<string, string> =>
  new Map(
    world.processes.flatMap(({ name, service, rows }) =>
      tables[service].map(
        (table) =>
          [
            `${name} ${table}`,
            rows
              .page({ table, filter: {}, visible: 'all' })
              .map(({ id, body }) => `${id} ${body}`)
              .join('\n'),
          ] as const,
      ),
    ),
  );

const difference = (before: string, after: string): string => {
  const [a, b] = [before.split('\n'), after.split('\n')];
  const at = a.findIndex((line, index) => line !== b[index]);
  return `${a[at]?.slice(0, 300)} / ${b[at]?.slice(0, 300)} (${a.length} and ${b.length} rows)`;
};

type Row = ReturnType<Show>[number];
