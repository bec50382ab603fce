import { randomUUID } from 'node:crypto';
import { noStream } from '../port.ts';
import { sqliteEventStore } from './store.ts';

/**
 * A process for the tests to kill: appends to 20 streams at once until it has `count` facts, resends what is unavailable, and
 * prints `<stream> <fact id>` only after the store has acknowledged a fact, `unavailable` when it has not.
 */
const [file, count] = process.argv.slice(2);
const store = await sqliteEventStore({ file: file! }).catch((error: Error) => {
  console.log(`refused ${error.message}`);
  process.exit(3);
});
let left = Number(count);
await Promise.all(Array.from({ length: 20 }, (_, number) => appendTo(`child.h.${number}`)));
await store.close();

async function appendTo(stream: string): Promise<void> {
  let revision = noStream;
  let fact = nextFact();
  while (left > 0) {
    const result = await store.append(stream, revision, [fact]);
    if (result.is === 'wrong-expected-revision') throw new Error(`${stream} is at ${result.actualRevision}, not at ${revision}`);
    if (result.is === 'unavailable') {
      process.stdout.write(`unavailable ${result.message}\n`);
      continue;
    }
    process.stdout.write(`${stream} ${fact.id}\n`);
    revision = result.revision;
    fact = nextFact();
    left--;
  }
}

function nextFact() {
  return { id: randomUUID(), type: 'SomethingHappened', data: { text: 'x'.repeat(600) }, metadata: {} };
}
