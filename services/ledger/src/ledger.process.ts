import type { CloudEvent, Home, Party } from '@tongdui/contracts';
import type { Effect } from '@tongdui/runtime/service';
import type { PostEvent } from './journal.handler.ts';
import { type Entry, entriesOf } from './posting.ts';

/** A money event is posted once to the journal of each home that keeps a book it concerns. */
export const effectsOf =
  (bookHomeOf: (book: Party) => Home, openJournalOf: (home: Home) => string) =>
  (event: CloudEvent): readonly Effect[] => {
    const byHome = new Map<Home, Entry[]>();
    for (const entry of entriesOf(event)) {
      const home = bookHomeOf(entry.book);
      byHome.set(home, [...(byHome.get(home) ?? []), entry]);
    }
    const { id, type, source, sequence, time } = event;
    return [...byHome].map(([home, entries]): Effect => {
      const command: PostEvent = { type: 'PostEvent', event: { id, type, source, sequence: Number(sequence), time }, entries };
      return { stream: openJournalOf(home), command, step: `post-${home}` };
    });
  };
