import { decodeFact, type EncodedFact } from '../encode.ts';
import type { StoredFact } from '../port.ts';
import type { Commit } from './messages.ts';
import type { Scan } from './reader.ts';

/**
 * The newest facts of this process, kept in memory so that live followers are not served from the file: each fact is parsed once, however many follow. Positions have no gaps, because one process writes.
 */
export class Tail {
  /** The last position known to be durable. */
  last: number;
  #entries: Entry[] = [];

  constructor(last: number) {
    this.last = last;
  }

  push({ stream, facts, revision, position, recordedAt }: Commit): void {
    const firstPosition = position - facts.length + 1;
    // After a failed commit positions may jump; what was kept would no longer be without gaps.
    if (firstPosition !== this.last + 1) this.#entries = [];
    facts.forEach((fact, index) => {
      this.#entries.push({ fact, stream, revision: revision - facts.length + 1 + index, position: firstPosition + index, recordedAt });
    });
    this.last = position;
    if (this.#entries.length > entriesMax) this.#entries = this.#entries.slice(-entriesMax / 2);
  }

  /** The matching facts after a position, at most `max`; undefined when the tail begins later than that. */
  after(position: number, prefixes: readonly string[], max: number): Scan | undefined {
    const first = this.#entries[0];
    if (first === undefined || position + 1 < first.position) return undefined;
    const facts: StoredFact[] = [];
    let scannedTo = position;
    for (let index = position + 1 - first.position; index < this.#entries.length && facts.length < max; index++) {
      const entry = this.#entries[index]!;
      scannedTo = entry.position;
      if (prefixes.some((prefix) => entry.stream.startsWith(prefix))) facts.push(stored(entry));
    }
    return { facts, scannedTo, more: scannedTo < this.last };
  }
}

type Entry = {
  readonly fact: EncodedFact;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly recordedAt: string;
  stored?: StoredFact;
};

function stored(entry: Entry): StoredFact {
  entry.stored ??= decodeFact(entry.fact, { ...entry, position: positionText(entry.position) });
  return entry.stored;
}

const entriesMax = 8_192;

/** Padded, so that positions compare as strings. */
export function positionText(position: number): string {
  return String(position).padStart(16, '0');
}
