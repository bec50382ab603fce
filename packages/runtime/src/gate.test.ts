import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { gate } from './gate.ts';
import { ManualWall } from './testing.ts';

test('what comes late in a long turn of the event loop is refused, what anyone may ask is not, and the next turn begins anew', async () => {
  const wall = new ManualWall();
  const lines: object[] = [];
  const tell = (fields: object) => void lines.push(fields);
  const listener = gate(
    (_req, res) => {
      wall.advance(60);
      res.end('answered');
    },
    {
      bounds: { inFlightMax: 100, turnMaxMs: 100 },
      open: new Set(['/livez']),
      wall,
      log: { debug: tell, info: tell, warn: tell, error: tell },
    },
  );
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  // Requests that arrive together in one packet are taken on in one turn.
  const ask = async (paths: readonly string[]) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').setEncoding('utf8');
    let text = '';
    socket.on('data', (part) => {
      text += String(part);
    });
    socket.write(
      paths
        .map((path, index) => `GET ${path} HTTP/1.1\r\nhost: x\r\n${index === paths.length - 1 ? 'connection: close\r\n' : ''}\r\n`)
        .join(''),
    );
    await once(socket, 'end');
    return { text, statuses: [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status)) };
  };
  const together = await ask(['/a', '/b', '/c?x=1', '/livez', '/d']);
  expect(together.statuses).toEqual([200, 200, 503, 200, 503]);
  expect(together.text).toMatch(/retry-after: 1/i);
  expect(together.text).toContain('"code":"overloaded"');
  expect(together.text).toContain('"instance":"/c"');
  expect(lines).toEqual([{ refused: 1, inFlight: 2 }]);
  expect((await ask(['/e'])).statuses).toEqual([200]);
  server.close();
});
