import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { AppendsMessage, Ask, AskMessage, FromWorker, Row, ToWorker } from './messages.ts';
import { Writer, type WriterOptions } from './writer.ts';

const { port, posted, ...options } = workerData as WriterOptions & { port: MessagePort; posted: Int32Array };
const writer = new Writer(options);
const asks: AskMessage[] = [];
const groupMessagesMax = 256;
let writable = true;
let closed = false;
answer({ opened: true });

// Blocking on shared memory instead of on the event loop makes a round trip four times as fast (measured: 13 µs instead of 60).
while (!closed) {
  const seen = Atomics.load(posted, 0);
  do {
    writeGroup();
    const asked = asks.shift();
    if (asked !== undefined) answerAsk(asked);
  } while (asks.length > 0);
  Atomics.wait(posted, 0, seen);
}

/** One transaction for everything that waits and that arrives meanwhile: while a commit is under way the next group gathers. */
function writeGroup(): void {
  const group: AppendsMessage[] = [];
  const answers: number[] = [];
  let failure: string | undefined;
  for (let message = next(); message !== undefined; message = next()) {
    if ('ask' in message) {
      asks.push(message);
      continue;
    }
    failure ??= group.length === 0 ? attempt(begin) : undefined;
    group.push(message);
    failure ??= attempt(() => writer.write(message, answers));
    if (group.length >= groupMessagesMax) break;
  }
  if (group.length === 0) return;
  failure ??= attempt(() => writer.commit());
  if (failure === undefined) {
    answer({ answers });
    return;
  }
  writable = false;
  writer.rollback();
  answer({ unavailable: group.flatMap(sequences), message: failure });
}

function begin(): void {
  // After a failed commit nothing is written before the file has proven that it takes writes again.
  if (!writable) probe();
  writer.begin();
}

function probe(): void {
  writable = false;
  writer.probe();
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

function answerAsk({ sequence, ask }: AskMessage): void {
  try {
    const rows = perform(ask);
    answer({ sequence, ...(rows === undefined ? {} : { rows }) });
  } catch (error) {
    answer({ sequence, error: messageOf(error) });
  }
}

function perform(ask: Ask): readonly Row[] | undefined {
  if (ask === 'probe') probe();
  else if (ask === 'close') {
    closed = true;
    writer.close();
  } else return writer.read(ask);
  return undefined;
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
