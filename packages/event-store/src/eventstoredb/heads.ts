import { beginning, type Position } from '../port.ts';
import { positionText } from './wire.ts';

type Recorded = { readonly streamId: string; readonly position?: { readonly commit: bigint; readonly prepare: bigint } | undefined };
type ReadBackwards = (before: Position | undefined, max: number) => Promise<readonly Recorded[]>;

/**
 * The newest fact under some prefixes, on a server where others write too. Read backwards from the end of everything, as far as the last
 * look went and never beyond the fact that began this store, so each stored fact is looked at once per set of prefixes at most.
 */
export class Heads {
  readonly #readBackwards: ReadBackwards;
  readonly #firstStream: string;
  readonly #known = new Map<string, { readonly head: Position; readonly lookedTo: Position }>();

  constructor(readBackwards: ReadBackwards, firstStream: string) {
    this.#readBackwards = readBackwards;
    this.#firstStream = firstStream;
  }

  async head(prefixes: readonly string[]): Promise<Position> {
    const key = prefixes.join('\n');
    const known = this.#known.get(key) ?? { head: beginning, lookedTo: beginning };
    let newest: Position | undefined;
    let before: Position | undefined;
    let head: Position | undefined;
    for (let max = firstLook; head === undefined; max = furtherLook) {
      const events = await this.#readBackwards(before, max);
      const lowest = before;
      for (const event of events) {
        const position = positionText(event.position);
        if (position === undefined) continue;
        newest ??= position;
        before = position;
        if (position <= known.lookedTo || event.streamId === this.#firstStream) head = known.head;
        else if (matches(event.streamId, prefixes)) head = position;
        if (head !== undefined) break;
      }
      // The beginning of everything: a backward read that brings nothing older.
      if (before === lowest || events.length < max) head ??= known.head;
    }
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.set(key, { head, lookedTo: newest ?? beginning });
    return head;
  }
}

function matches(stream: string, prefixes: readonly string[]): boolean {
  return !stream.startsWith('$') && prefixes.some((prefix) => stream.startsWith(prefix));
}

const firstLook = 20;
const furtherLook = 1_000;
const knownMax = 100;
