import type { Random } from './random.ts';
import type { World } from './world.ts';

/** What goes wrong next, by chance. Everything that breaks is mended after a while. */
export const nextFault = (world: World, random: Random): void => {
  const fault = random.weighted([
    [6, kill],
    [6, crashAtAPlace],
    [5, unsynced],
    [3, unreadable],
    [5, partition],
    [1, wipe],
  ] as const);
  fault(world, random);
};

const kill = ({ processes, scheduler }: World, random: Random): void => {
  const process = random.pick(processes);
  process.kill(random.chance(0.25) ? 'lost' : 'kept');
  scheduler.after(random.between(50, 6_000), () => process.start());
};

const places = [
  'follower.before-commit',
  'follower.after-commit',
  'consumer.before-effects',
  'consumer.after-effects',
  'consumer.after-commit',
  'work.before-perform',
  'work.after-perform',
  'coordinator.before-ask',
  'coordinator.after-first-answer',
  'coordinator.before-outcome',
  'coordinator.before-release',
  'coordinator.after-first-release',
  'payment.before-find',
  'payment.before-send',
  'payment.after-send',
] as const;

const crashAtAPlace = ({ processes, scheduler }: World, random: Random): void => {
  const process = random.pick(processes);
  process.crashAt(random.pick(places));
  scheduler.after(random.between(2_000, 20_000), () => process.crashAt(undefined));
};

/** The disk does not sync for a while; then it does, or the store comes back without what it had not synced, or its process dies first. */
const unsynced = ({ disks, processes, scheduler }: World, random: Random) => {
  const disk = random.pick(disks);
  disk.store.faults.holdSync();
  const end = random.pick(['sync', 'crash', 'kill'] as const);
  scheduler.after(random.between(5, 1_500), () => {
    const { faults } = disk.store;
    if (end === 'sync') return faults.sync();
    if (end === 'crash') return faults.crash();
    for (const process of processes) {
      if (process.disk !== disk) continue;
      process.kill(random.chance(0.2) ? 'lost' : 'kept');
      scheduler.after(random.between(50, 3_000), () => process.start());
    }
    faults.crash();
  });
};

const unreadable = ({ disks, scheduler }: World, random: Random): void => {
  const disk = random.pick(disks);
  const { promise, resolve } = Promise.withResolvers<void>();
  disk.unreadable = promise;
  scheduler.after(random.between(50, 2_500), () => {
    if (disk.unreadable === promise) disk.unreadable = undefined;
    resolve();
  });
};

const partition = ({ hub, processes, scheduler }: World, random: Random): void => {
  const { name } = random.pick(processes);
  hub.partition(name);
  scheduler.after(random.chance(0.2) ? random.between(10_000, 60_000) : random.between(300, 9_000), () => hub.heal(name));
};

const wipe = ({ hub }: World): void => hub.wipe();
