import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Database, type DatabaseOptions } from './database.ts';
import type { AppendsMessage, Ask, FromWorker, ReadMessage, ToWorker } from './messages.ts';

const port = parentPort!;
const database = new Database(workerData as DatabaseOptions);
const reads: ReadMessage[] = [];
let writable = true;
answer({ opened: { epoch: database.epoch, lastPosition: database.lastPosition() } });

port.on('message', (message: ToWorker) => {
  let group = receive(message);
  // Appends go before each read, so that a long catch-up delays a commit by one slice at most.
  while (group.length > 0 || reads.length > 0) {
    if (group.length > 0) commit(group);
    const read = reads.shift();
    if (read !== undefined) answerRead(read);
    group = receive(undefined);
  }
});

/** Everything that waits, up to the size of one transaction: whatever arrived during the last commit shares the next. */
function receive(first: ToWorker | undefined): AppendsMessage[] {
  const group: AppendsMessage[] = [];
  let values = 0;
  for (let message = first ?? next(); message !== undefined; message = next()) {
    if ('ask' in message) {
      reads.push(message);
      continue;
    }
    group.push(message);
    values += message.appends.length;
    if (values >= groupValuesMax) break;
  }
  return group;
}

function next(): ToWorker | undefined {
  return receiveMessageOnPort(port)?.message;
}

function commit(group: readonly AppendsMessage[]): void {
  try {
    // After a failed commit nothing is written before the file has proven that it takes writes again.
    if (!writable) database.probe();
    writable = true;
    answer({ answers: database.commit(group) });
  } catch (error) {
    writable = false;
    answer({ unavailable: group.flatMap(sequences), message: messageOf(error) });
  }
}

function sequences({ appends }: AppendsMessage): number[] {
  const found: number[] = [];
  for (let at = 0; at < appends.length; at += 4 + Number(appends[at + 3]) * 4) found.push(Number(appends[at]));
  return found;
}

function answerRead({ sequence, ask }: ReadMessage): void {
  try {
    answer(readAnswer(sequence, ask));
  } catch (error) {
    answer({ sequence, error: messageOf(error) });
  }
  // Nothing keeps the thread alive after this.
  if (ask.what === 'close') port.close();
}

function readAnswer(sequence: number, ask: Ask): FromWorker {
  switch (ask.what) {
    case 'stream':
      return { sequence, slice: database.readStream(ask.stream, ask.from, ask.max) };
    case 'last':
      return { sequence, slice: database.readLast(ask.stream) };
    case 'scan':
      return { sequence, slice: database.scan(ask.prefixes, ask.after) };
    case 'head':
      return { sequence, number: database.head(ask.prefixes) };
    case 'probe':
      probe();
      return { sequence, number: 0 };
    case 'close':
      database.close();
      return { sequence, number: 0 };
  }
}

function probe(): void {
  writable = false;
  database.probe();
  writable = true;
}

function answer(message: FromWorker): void {
  port.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const groupValuesMax = 50_000;
