import { memoryTransport } from '@tongdui/bus';
import { type Actor, eventDefinitionOf, type Home, homes, providerIdOf, registryNouns, type ServiceName } from '@tongdui/contracts';
import type { Request } from '@tongdui/decider/operation';
import { memoryEventStore } from '@tongdui/event-store';
import { adjustableClock, host as hosted, noCrash, readModel, silentLog, wallClock } from '@tongdui/runtime';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { invariantsOf } from './invariants.ts';
import {
  account,
  approver,
  at,
  day,
  host,
  jointOffice,
  lab,
  labPerson,
  offeringId,
  recognitionId,
  reviewer,
  sanctionId,
  uscc,
} from './registry.fixtures.ts';
import { registry } from './service.ts';

const providerId = providerIdOf(host, lab);
const admission = { categories: ['testing'] as const, admittedUntil: day('2026-12-31') };
const offered = { id: offeringId(1), provider: lab, category: 'testing', name: '力学性能检测' } as const;
const recognised = {
  id: recognitionId(1),
  host,
  provider: lab,
  categories: ['testing'] as const,
  validFrom: day('2026-03-02'),
  validUntil: day('2026-12-31'),
};
const imposed = { id: sanctionId(1), uscc: lab, reason: '骗取补贴', validFrom: day('2026-03-02'), validUntil: day('2028-03-01') };

const stage = () => {
  const store = memoryEventStore({ epoch: 'first' });
  const wall = wallClock;
  const service = registry({ store, wall });
  const rows = readModel({ file: ':memory:', epoch: store.epoch, homes });
  const clock = adjustableClock({ initial: at });
  const running = hosted(service, {
    store,
    transport: memoryTransport(),
    homes,
    readModel: rows,
    clock,
    wall,
    log: silentLog,
    crash: noCrash,
  });
  const idle = async () => {
    for (let turn = 0; turn < 5_000; turn += 1) {
      if ((await running.status()).idle) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    throw new Error('the service never came to rest');
  };
  const published = async (home: Home, name: ServiceName = 'registry') =>
    (await store.read(`${name}.${home}.published`)).map(({ data }) => data as { type: string; data: Record<string, unknown> });
  return { ...service, rows, running, idle, published };
};

/** What a person asks for: the key is what HTTP makes of method and path. */
const from = (actor: Actor, key: string, hash = 'body'): Request => ({ actor, key, hash, id: `${key} ${hash}`, at });

let staged: ReturnType<typeof stage>;
beforeEach(() => {
  staged = stage();
});
afterEach(() => staged.running.stop());

const admitted = async () => {
  const { operations } = staged;
  await operations.registerProvider(from(labPerson, 'register'), { id: providerId, name: '嘉兴检测中心', account });
  await operations.admitProvider(from(reviewer, 'admit 1'), { id: providerId, ...admission });
};

describe('the registry', () => {
  test('registers, admits, offers, recognises and sanctions; every row and event has the form of the contract', async () => {
    const { operations, rows, idle, published } = staged;
    await admitted();
    await operations.publishOffering(from(labPerson, 'offer'), offered);
    await operations.recogniseProvider(from(approver, 'recognise'), recognised);
    await operations.imposeSanction(from(jointOffice, 'impose'), imposed);
    expect(await operations.liftSanction(from(jointOffice, 'lift'), { id: imposed.id })).toMatchObject({ is: 'done', created: true });
    await operations.suspendProvider(from(reviewer, 'suspend 1'), { id: providerId, reason: '复核' });
    await idle();

    for (const noun of Object.values(registryNouns))
      for (const row of rows.list(noun.noun)) expect(noun.view.safeParse(row)).toMatchObject({ success: true });
    expect(rows.get('providers', providerId)).toMatchObject({ status: 'suspended', suspendedFor: '复核', categories: ['testing'] });
    expect(rows.get('offerings', offered.id)).toMatchObject({ name: '力学性能检测', provider: lab });
    expect(rows.get('recognitions', recognised.id)).toMatchObject({ home: '310117', host });
    expect(rows.get('sanctions', imposed.id)).toMatchObject({ status: 'lifted' });

    const events = [
      ...(await published(host as string as Home)),
      ...(await published('310117' as Home)),
      ...(await published('G60' as Home)),
    ];
    expect(events.map(({ type }) => type.split('.')[2])).toEqual([
      'provider-changed',
      'provider-changed',
      'offering-changed',
      'provider-changed',
      'recognition-changed',
      'sanction-changed',
      'sanction-changed',
    ]);
    for (const event of events) expect(eventDefinitionOf(event.type)?.event.safeParse(event)).toMatchObject({ success: true });
    expect(invariantsOf(rows).invariants['1']).toEqual({ held: true, checked: 1, violations: [] });
  });

  test('a suspended lab cannot offer until it is admitted again', async () => {
    const { operations } = staged;
    await admitted();
    await operations.suspendProvider(from(reviewer, 'suspend 1'), { id: providerId, reason: '复核' });
    expect(await operations.publishOffering(from(labPerson, 'offer'), offered)).toMatchObject({
      is: 'refused',
      reason: 'provider-suspended',
    });
    await operations.admitProvider(from(reviewer, 'admit 2'), { id: providerId, ...admission });
    expect(await operations.publishOffering(from(labPerson, 'offer'), offered)).toMatchObject({ is: 'done', created: true });
  });

  test('an offering is retried with success even after its lab was suspended', async () => {
    const { operations } = staged;
    await admitted();
    await operations.publishOffering(from(labPerson, 'offer'), offered);
    await operations.suspendProvider(from(reviewer, 'suspend 1'), { id: providerId, reason: '复核' });
    expect(await operations.publishOffering(from(labPerson, 'offer'), offered)).toMatchObject({ is: 'done', created: false });
    expect(await operations.publishOffering(from(labPerson, 'offer', 'other body'), offered)).toMatchObject({
      is: 'refused',
      reason: 'id-reused',
    });
  });

  test('refuses: not-allowed, to everyone without the role at the city that decides', async () => {
    const { operations } = staged;
    const elsewhere: Actor = { ...reviewer, city: '310117' as Home };
    const refusal = { is: 'refused', reason: 'not-allowed' };
    expect(await operations.registerProvider(from(reviewer, 'a'), { id: providerId, name: 'x', account })).toMatchObject(refusal);
    expect(await operations.admitProvider(from(elsewhere, 'b'), { id: providerId, ...admission })).toMatchObject(refusal);
    expect(await operations.suspendProvider(from(elsewhere, 'c'), { id: providerId, reason: 'x' })).toMatchObject(refusal);
    expect(await operations.publishOffering(from(reviewer, 'd'), offered)).toMatchObject(refusal);
    expect(await operations.recogniseProvider(from({ ...approver, city: host as string as Home }, 'e'), recognised)).toMatchObject(refusal);
    expect(await operations.imposeSanction(from({ ...jointOffice, city: '310117' as Home }, 'f'), imposed)).toMatchObject(refusal);
    expect(await operations.liftSanction(from(approver, 'g'), { id: imposed.id })).toMatchObject(refusal);
  });

  test('refuses: foreign-organisation, to a lab that acts for another', async () => {
    const { operations } = staged;
    const other: Actor = { ...labPerson, org: uscc(2) };
    const refusal = { is: 'refused', reason: 'foreign-organisation' };
    expect(await operations.registerProvider(from(other, 'a'), { id: providerId, name: 'x', account })).toMatchObject(refusal);
    expect(await operations.publishOffering(from(other, 'b'), offered)).toMatchObject(refusal);
  });
});
