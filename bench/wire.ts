import { connect, type Socket } from 'node:net';

/** What was answered: 0 when the connection broke and the command could not be sent again. */
export type Answer = { readonly status: number; readonly head: string; readonly text: string };

/**
 * A client of HTTP/1.1 that costs a tenth of `fetch`: the generator of load runs on the same two cores as what it measures. Understands
 * exactly what the services send: answers with a content-length on connections that stay open.
 */
export class Wire {
  readonly #host: string;
  readonly #port: number;
  readonly #connectionsMax: number;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #waiting: Pending[] = [];
  /** How many of those that waited have been sent; taking them from the front of a long list one by one would cost more than sending them. */
  #taken = 0;

  constructor(url: string, connectionsMax = 64) {
    const { hostname, port } = new URL(url);
    this.#host = hostname;
    this.#port = Number(port);
    this.#connectionsMax = connectionsMax;
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
    return new Promise((resolve) => this.#give({ request, answer: resolve, attempts: 0 }));
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
    const connection = new Connection(connect(this.#port, this.#host), {
      free: () => {
        const next = this.#next();
        if (next) connection.send(next);
        else this.#idle.push(connection);
      },
      lost: (pending) => {
        this.#all.delete(connection);
        const at = this.#idle.indexOf(connection);
        if (at >= 0) this.#idle.splice(at, 1);
        // Every command may be sent again, and a server closes idle connections as it likes.
        if (pending && pending.attempts < attemptsMax) this.#give({ ...pending, attempts: pending.attempts + 1 });
        else pending?.answer({ status: 0, head: '', text: '' });
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

type Pending = { readonly request: string; readonly answer: (answer: Answer) => void; readonly attempts: number };
type Owner = { readonly free: () => void; readonly lost: (pending: Pending | undefined) => void };
const attemptsMax = 3;
const endOfHead = '\r\n\r\n';

/** One request at a time. */
class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #pending: Pending | undefined;
  #received = '';

  constructor(socket: Socket, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    // One character a byte, so that lengths are bytes; bodies are decoded when they are complete.
    socket.setEncoding('latin1').setNoDelay(true);
    socket.on('data', (text) => this.#receive(String(text)));
    socket.on('error', () => {});
    socket.on('close', () => owner.lost(this.#pending));
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

  #receive(text: string): void {
    this.#received += text;
    const received = this.#received;
    const end = received.indexOf(endOfHead);
    if (end < 0) return;
    const head = received.slice(0, end);
    const body = received.slice(end + endOfHead.length);
    if (body.length < Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)) return;
    const pending = this.#pending;
    this.#pending = undefined;
    this.#owner.free();
    pending?.answer({ status: Number(head.slice(9, 12)), head, text: Buffer.from(body, 'latin1').toString() });
  }
}
