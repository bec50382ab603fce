import { connect, type Socket } from 'node:net';

/** What was answered: 0 when there was no answer, with the reason as its text. */
export type Answer = { readonly status: number; readonly head: string; readonly text: string };

export type WireOptions = {
  readonly connectionsMax?: number;
  /** Of one request: longer than a store or a broker takes to come back. */
  readonly answerWithinMs?: number;
};

/**
 * A client of HTTP/1.1 that costs a tenth of `fetch`: whoever plays thousands of people runs on the same two cores as what they talk to.
 * Understands exactly what the services send: answers with a content-length on connections that stay open.
 */
export class Wire {
  readonly #host: string;
  readonly #port: number;
  readonly #connectionsMax: number;
  readonly #answerWithinMs: number;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #waiting: Pending[] = [];
  /** How many of those that waited have been sent; taking them from the front of a long list one by one would cost more than sending them. */
  #taken = 0;

  constructor(url: string, { connectionsMax = 64, answerWithinMs = 30_000 }: WireOptions = {}) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#connectionsMax = connectionsMax;
    this.#answerWithinMs = answerWithinMs;
  }

  put(path: string, token: string, body: unknown): Promise<Answer> {
    const text = JSON.stringify(body);
    const length = Buffer.byteLength(text);
    return this.#send(
      `PUT ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${text}`,
    );
  }

  get(path: string, token: string): Promise<Answer> {
    return this.#send(`GET ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
  }

  /** Opens all connections beforehand: a thousand at once would wait for seconds in the queue of the server's port. */
  async connect(): Promise<void> {
    while (this.#all.size < this.#connectionsMax) {
      const connection = this.#open();
      await connection.opened();
      this.#idle.push(connection);
    }
  }

  close(): void {
    for (const connection of this.#all) connection.end();
  }

  #send(request: string): Promise<Answer> {
    return new Promise((resolve) => this.#give({ request, answer: resolve }));
  }

  #give(pending: Pending): void {
    const connection = this.#idle.pop() ?? (this.#all.size < this.#connectionsMax ? this.#open() : undefined);
    if (connection) connection.send(pending);
    else this.#waiting.push(pending);
  }

  #next(): Pending | undefined {
    const next = this.#waiting[this.#taken];
    if (!next) return undefined;
    this.#taken += 1;
    if (this.#taken * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#taken);
      this.#taken = 0;
    }
    return next;
  }

  #open(): Connection {
    const connection = new Connection(connect(this.#port, this.#host), this.#answerWithinMs, {
      free: () => {
        const next = this.#next();
        if (next) connection.send(next);
        else this.#idle.push(connection);
      },
      lost: (pending, reason) => {
        this.#all.delete(connection);
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
        // A server closes idle connections as it likes, also at the moment one is used again; every command may be sent again.
        if (pending && reason === undefined) this.#give(pending);
        else pending?.answer({ status: 0, head: '', text: reason ?? '' });
        const next = this.#waiting.shift();
        if (next) this.#give(next);
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

type Pending = { readonly request: string; readonly answer: (answer: Answer) => void };
type Owner = {
  readonly free: () => void;
  /** Without a reason when a connection that had been idle was closed before anything was answered. */
  readonly lost: (pending: Pending | undefined, reason?: string) => void;
};
const endOfHead = '\r\n\r\n';

/** One request at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #pending: Pending | undefined;
  #received = '';
  #answered = 0;
  #reason: string | undefined;

  constructor(socket: Socket, answerWithinMs: number, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    // One character a byte, so that lengths are bytes; bodies are decoded when they are complete.
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text) => this.#receive(String(text)));
    socket.setTimeout(answerWithinMs, () => this.#fail(`no answer within ${answerWithinMs / 1_000} s`));
    socket.on('error', ({ message, code }: NodeJS.ErrnoException) => {
      if (this.#answered === 0 || (code !== 'ECONNRESET' && code !== 'EPIPE')) this.#reason ??= message;
    });
    socket.on('close', () => {
      const wasUsedAgain = this.#answered > 0 && this.#received === '';
      owner.lost(this.#pending, this.#reason ?? (wasUsedAgain ? undefined : 'the connection was closed'));
    });
  }

  opened(): Promise<void> {
    return new Promise((resolve, reject) => this.#socket.once('connect', resolve).once('error', reject));
  }

  send(pending: Pending): void {
    this.#pending = pending;
    this.#received = '';
    this.#socket.write(pending.request);
  }

  end(): void {
    this.#socket.destroy();
  }

  #fail(reason: string): void {
    if (!this.#pending) return;
    this.#reason = reason;
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const received = this.#received;
    const end = received.indexOf(endOfHead);
    if (end < 0) return;
    const head = received.slice(0, end);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length === undefined) this.#fail('the answer has no content-length');
    const body = received.slice(end + endOfHead.length);
    if (length === undefined || body.length < Number(length)) return;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#received = '';
    this.#answered += 1;
    this.#owner.free();
    pending?.answer({ status: Number(head.slice(9, 12)), head, text: Buffer.from(body, 'latin1').toString() });
  }
}
