import { natsTransport, type Transport } from '@tongdui/bus';
import { type CloudEvent, homes, type Producer, sequenceOf } from '@tongdui/contracts';
import type { System } from '@tongdui/development/system';
import { afterAll, describe, expect, test } from 'vitest';
import { type Answers, differences, readAnswers, rebuildReadModels } from './answers.ts';
import { battery } from './battery.ts';
import { assertInvariants } from './checks.ts';
import { type History, variedHistory } from './history.ts';
import { eventually } from './story.ts';

type Batch = readonly CloudEvent[];

describe('what the broker delivers again', () => {
  let system: System;
  let transport: Transport;
  let captured: readonly Batch[];
  let history: History;
  let before: Answers;
  let heads: unknown;

  battery('redelivery', async (started) => {
    system = started.system;
    history = await variedHistory(system, []);
    before = await readAnswers(system);
    heads = await headsOf(system);
    transport = natsTransport({ url: system.natsUrl, name: 'redelivery' });
    captured = await capture(system, transport);
  });
  afterAll(() => transport?.close());

  const publish = async (batches: readonly Batch[]) => {
    for (const batch of batches) if (batch[0]) await transport.publish(producerOf(batch[0]), batch);
  };
  const assertUnchanged = async () => {
    await system.waitIdle();
    expect(differences(before, await readAnswers(system))).toEqual([]);
    expect(await headsOf(system)).toEqual(heads);
  };

  test('everything twice more, in the order it came: nothing changes', async () => {
    await publish([...captured, ...captured]);
    await assertUnchanged();
  });

  test('everything late and in the reverse order, batches and single events: nothing changes', async () => {
    const reversed = [...captured].reverse();
    await publish(reversed);
    await publish(reversed.flatMap((batch) => [...batch].reverse().map((event) => [event])));
    await assertUnchanged();
  });

  test('delivered twice and in the reverse order to services whose read models are gone: the same state', async () => {
    const reversed = [...captured].reverse().flatMap((batch) => [[...batch].reverse(), batch]);
    await rebuildReadModels(system, () => publish(reversed));
    await assertUnchanged();
  });

  test('the invariants hold, the services agree, the bank has paid each once', () => assertInvariants(system, history));
});

/** Everything that JetStream holds, as one more consumer is given it. */
const capture = async (system: System, transport: Transport): Promise<readonly Batch[]> => {
  const batches: Batch[] = [];
  const seen = new Set<string>();
  const subscription = await transport.subscribe('redelivery', homes, async (batch) => {
    batches.push(batch);
    for (const { id } of batch) seen.add(id);
  });
  const published = [...(await system.statuses()).values()].flatMap((status) => Object.values(status.published));
  const total = published.reduce((sum, head) => sum + head, 0);
  expect(total).toBeGreaterThan(100);
  await eventually(() => seen.size === total, `all ${total} events are captured`);
  await subscription.close();
  return [...batches].sort((one, other) => sequenceOf(one[0] as CloudEvent) - sequenceOf(other[0] as CloudEvent));
};

/** `/redemption/310117` */
const producerOf = ({ source }: CloudEvent): Producer => {
  const [, service, home] = source.split('/');
  return { service, home } as Producer;
};

const headsOf = async (system: System) => new Map([...(await system.statuses())].map(([name, { head }]) => [name, head]));
