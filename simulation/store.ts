import { type EventStore, type Followed, type FollowOptions, StoreUnavailable } from '@tongdui/event-store';
import type { Disk } from './process.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';

type Around = {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly isOver: () => boolean;
  readonly hasTrouble: () => boolean;
};

/** The store as one life of a process sees it: answers take time, and none reaches a process that is gone. */
export const storeOfLife = (disk: Disk, { scheduler, random, isOver, hasTrouble }: Around): EventStore => {
  const { store } = disk;
  const travel = async (): Promise<void> => {
    const isQuick = random.chance(hasTrouble() ? 0.5 : 0.9);
    if (!isQuick) await scheduler.sleep(random.chance(0.05) ? random.below(1_500) : random.below(4), undefined, isOver);
    if (isOver()) await gone();
  };
  const answered = async <Result>(run: () => Promise<Result>): Promise<Result> => {
    await travel();
    try {
      return await run();
    } finally {
      await travel();
    }
  };
  const readable = () => {
    if (disk.unreadable) throw new StoreUnavailable('the store cannot be read now');
    return store;
  };
  return {
    epoch: store.epoch,
    onlyWriter: !disk.isShared,
    append: (stream, expectedRevision, facts) => answered(() => store.append(stream, expectedRevision, facts)),
    read: (stream, options) => answered(async () => readable().read(stream, options)),
    readLast: (stream) => answered(async () => readable().readLast(stream)),
    follow: (options) => followed(disk, store, options, isOver),
    head: async (prefixes) => (isOver() ? gone() : readable().head(prefixes)),
    probe: async () => readable().probe(),
    close: async () => {},
  };
};

async function* followed(disk: Disk, store: EventStore, options: FollowOptions, isOver: () => boolean): AsyncGenerator<Followed> {
  for await (const batch of store.follow(options)) {
    while (disk.unreadable) await disk.unreadable;
    if (isOver()) await gone();
    yield batch;
  }
  if (isOver()) await gone();
}

/** A process that has died waits for ever and does nothing more. */
const gone = (): Promise<never> => new Promise(() => {});
