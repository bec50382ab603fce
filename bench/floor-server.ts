import { createWriteStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homes, redemptionCommands } from '@tongdui/contracts';
import { application, commandRoute, metricsOf, oidcAuthentication, readModel, runningClock, wallClock } from '@tongdui/runtime';
import { pino } from 'pino';

/** The route that proposes an order with everything around it, sign-in, parsing, log line, metrics and answer, and nothing behind it. */
const [issuer = '', logFile = ''] = process.argv.slice(2);

const app = application({
  service: 'redemption',
  homes,
  cityUrls: {},
  authenticate: oidcAuthentication({ issuer, audience: 'tongdui', wall: wallClock }),
  host: { isStarted: () => true, waitFor: async () => true, head: async () => '' },
  readModel: readModel({ file: ':memory:', epoch: 'floor' }),
  epoch: 'floor',
  clock: runningClock(wallClock),
  wall: wallClock,
  log: pino({ base: { service: 'floor' } }, createWriteStream(logFile)),
  metrics: metricsOf('redemption', { process: true }),
  routes: [
    commandRoute(
      redemptionCommands.proposeOrder,
      async (_request, { id }) => ({ is: 'done', created: true, id, revision: 0, position: '0000000000000001' }),
      {},
    ),
  ],
});
const server = createServer(app).listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('SIGTERM', () => process.exit());
