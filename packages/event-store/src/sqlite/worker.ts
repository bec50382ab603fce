import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Database, type DatabaseOptions } from './database.ts';
import type { AppendsMessage, Ask, FromWorker, ReadMessage, ToWorker } from './messages.ts';

const { port, posted, ...options } = workerData as DatabaseOptions & { port: MessagePort; posted: Int32Array };
const database = new Database(options);
const reads: ReadMessage[] = [];
const groupMessagesMax = 256;
let writable = true;
let closed = false;
answer({ opened: { epoch: database.epoch, lastPosition: database.lastPosition() } });

// Blocking on shared memory instead of on the event loop makes a round trip four times as fast (measured: 13 µs instead of 60).
while (!closed) {
  const seen = Atomics.load(posted, 0);
  // Appends go before each read, so that a long catch-up delays a commit by one slice at most.
  do {
    writeGroup();
    const read = reads.shift();
    if (read !== undefined) answerRead(read);
  } while (reads.length > 0);
  Atomics.wait(posted, 0, seen);
}

/** One transaction for everything that waits and that arrives meanwhile: while a commit is under way the next group gathers. */
function writeGroup(): void {
  const group: AppendsMessage[] = [];
  const answers: number[] = [];
  let failure: string | undefined;
  for (let message = next(); message !== undefined; message = next()) {
    if ('ask' in message) {
      reads.push(message);
      continue;
    }
    failure ??= group.length === 0 ? attempt(begin) : undefined;
    group.push(message);
    failure ??= attempt(() => database.write(message, answers));
    if (group.length >= groupMessagesMax) break;
  }
  if (group.length === 0) return;
  failure ??= attempt(() => database.commit());
  if (failure === undefined) {
    answer({ answers });
    return;
  }
  writable = false;
  database.rollback();
  answer({ unavailable: group.flatMap(sequences), message: failure });
}

function begin(): void {
  // After a failed commit nothing is written before the file has proven that it takes writes again.
  if (!writable) probe();
  database.begin();
}

function probe(): void {
  writable = false;
  database.probe();
  writable = true;
}

function attempt(step: () => void): string | undefined {
  try {
    step();
    return undefined;
  } catch (error) {
    return messageOf(error);
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
      closed = true;
      database.close();
      return { sequence, number: 0 };
  }
}

function next(): ToWorker | undefined {
  return receiveMessageOnPort(port)?.message;
}

function answer(message: FromWorker): void {
  port.postMessage(message);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
