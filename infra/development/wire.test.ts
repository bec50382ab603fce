import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Wire } from './wire.ts';

const servers: Server[] = [];
const wires: Wire[] = [];
afterEach(() => {
  for (const wire of wires.splice(0)) wire.close();
  for (const server of servers.splice(0)) server.close();
});

/** A server that is told of every request with its connection; what it writes is up to the test. */
const serve = async (answer: (socket: Socket, request: string, connection: number) => void): Promise<string> => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const connection = connections;
    socket.on('error', () => {});
    socket.on('data', (data) => answer(socket, data.toString(), connection));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
};
const wireTo = (url: string, options = {}): Wire => {
  const wire = new Wire(url, options);
  wires.push(wire);
  return wire;
};
const ok = (text: string): string => `HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(text)}\r\nretry-after: 2\r\n\r\n${text}`;

test('a body in Chinese goes and comes back whole, in whatever pieces it arrives', async () => {
  const url = await serve((socket, request) => {
    const bytes = Buffer.from(ok(request.slice(request.indexOf('\r\n\r\n') + 4)));
    for (let at = 0; at < bytes.length; at += 7) setImmediate(() => socket.write(bytes.subarray(at, at + 7)));
  });
  const { status, head, text } = await wireTo(url).put('/orders/1', 'token', { reason: '发票影像不清' });
  expect([status, JSON.parse(text)]).toEqual([200, { reason: '发票影像不清' }]);
  expect(head).toContain('retry-after: 2');
});

test('no more connections are opened than allowed, and every request is answered with its own answer', async () => {
  let most = 0;
  const url = await serve((socket, request, connection) => {
    most = Math.max(most, connection);
    setTimeout(() => socket.write(ok(request.split(' ')[1] ?? '')), 5);
  });
  const wire = wireTo(url, { connectionsMax: 3 });
  const paths = Array.from({ length: 20 }, (_, index) => `/orders/${index}`);
  const answers = await Promise.all(paths.map((path) => wire.get(path, 'token')));
  expect(answers.map(({ text }) => text)).toEqual(paths);
  expect(most).toBe(3);
});

test('a kept connection that is closed as it is used again is not an answer: the request is sent once more', async () => {
  let requests = 0;
  const url = await serve((socket, _request, connection) => {
    requests += 1;
    if (connection === 1 && requests === 2) socket.destroy();
    else socket.write(ok('here'));
  });
  const wire = wireTo(url);
  expect((await wire.get('/first', 'token')).text).toBe('here');
  expect((await wire.get('/second', 'token')).text).toBe('here');
  expect(requests).toBe(3);
});

test.each<[string, (socket: Socket) => void, RegExp]>([
  ['says nothing', () => {}, /no answer within 0.05 s/],
  ['hangs up', (socket) => socket.destroy(), /closed|reset/i],
  ['hangs up in the middle', (socket) => socket.end(ok('here').slice(0, -2)), /closed/],
  ['does not say how long its answer is', (socket) => socket.write('HTTP/1.1 200 OK\r\n\r\n'), /no content-length/],
])('a server that %s is a silence with a reason', async (_what, answer, reason) => {
  const url = await serve(answer);
  const { status, text } = await wireTo(url, { answerWithinMs: 50 }).get('/orders/1', 'token');
  expect(status).toBe(0);
  expect(text).toMatch(reason);
});

test('where nobody listens, everybody who waits is told', async () => {
  const url = await serve(() => {});
  await new Promise((resolve) => servers.pop()?.close(resolve));
  const wire = wireTo(url, { connectionsMax: 1 });
  const answers = await Promise.all([1, 2, 3].map((order) => wire.get(`/orders/${order}`, 'token')));
  expect(answers.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(answers[0]?.text).toContain('ECONNREFUSED');
});
