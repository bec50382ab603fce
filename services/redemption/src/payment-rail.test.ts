import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Fen, LocalDate, Member, PaymentReference, Uscc } from '@tongdui/contracts';
import { expect, test } from 'vitest';
import { httpPaymentRail } from './payment-rail.ts';

const reference = '330400-payment-01JNA2B3C4D5E6F7G8H9JKMNPQ-1-1' as PaymentReference;
const payment = {
  reference,
  payer: '330400' as Member,
  payee: '91350100M000100Y43' as Uscc,
  account: { cnaps: '102331002345', number: '6222020200112233', name: 'Lab' } as never,
  amountFen: 5_000_000 as Fen,
  valueDate: '2026-03-02' as LocalDate,
};

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const json =
  (body: object, status = 200): Answer =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
const breakOff: Answer = (request) => void request.socket.destroy();

/** A bank that answers as scripted, and says what it was asked. */
const bank = async (...script: Answer[]) => {
  const asked: string[] = [];
  const sockets: Socket[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = script.shift();
    request.resume().on('end', () => answer?.(request, response));
  });
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    rail: httpPaymentRail(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    asked,
    connections: () => sockets.length,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

test('a payment is sent and found over one connection', async () => {
  await using at = await bank(json({ status: 'never-seen' }), json({ outcome: 'paid' }), json({ status: 'failed' }));
  expect(await at.rail.find(reference)).toEqual({ is: 'never-seen' });
  expect(await at.rail.send(payment)).toEqual({ is: 'paid' });
  expect(await at.rail.find(reference)).toEqual({ is: 'failed', reason: 'refused-by-bank' });
  expect(at.asked).toEqual([`GET /payments/${reference}`, `PUT /payments/${reference}`, `GET /payments/${reference}`]);
  expect(at.connections()).toBe(1);
});

test('a question whose connection breaks is asked again; a payment never is, for it may have arrived', async () => {
  await using at = await bank(json({ status: 'pending' }), breakOff, json({ status: 'never-seen' }), breakOff);
  await at.rail.find(reference);
  expect(await at.rail.find(reference)).toEqual({ is: 'never-seen' });
  await expect(at.rail.send(payment)).rejects.toThrow(`the bank did not answer for ${reference}`);
  expect(at.asked.filter((line) => line.startsWith('PUT'))).toHaveLength(1);
});

test('an answer that is none is not taken for one', async () => {
  await using at = await bank(json({ status: 'paid' }, 502), json({ status: 'perhaps' }));
  await expect(at.rail.find(reference)).rejects.toThrow('the bank answered 502');
  await expect(at.rail.find(reference)).rejects.toThrow();
});
