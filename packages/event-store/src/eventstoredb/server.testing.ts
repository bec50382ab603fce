import { existsSync } from 'node:fs';
import { connect } from 'node:net';

/** The image the production store is tested against; `EVENTSTOREDB_IMAGE` names another. */
const image = 'eventstore/eventstore:23.10.8-bookworm-slim';

export type LiveServer = { readonly connectionString: string; readonly stop: () => Promise<void> };

/** A server to test against: the one `EVENTSTOREDB_URL` names, else one in Docker; otherwise the reason why there is none. */
export async function liveServer(): Promise<LiveServer | { readonly missing: string }> {
  const url = process.env.EVENTSTOREDB_URL;
  if (url !== undefined && url !== '') return { connectionString: url, stop: async () => {} };
  if (!(await dockerAnswers())) return { missing: 'EVENTSTOREDB_URL names no server and Docker does not answer' };
  try {
    return await inDocker();
  } catch (error) {
    return {
      missing: `EVENTSTOREDB_URL names no server and Docker could not start one: ${error instanceof Error ? error.message : error}`,
    };
  }
}

async function inDocker(): Promise<LiveServer> {
  const { GenericContainer, Wait } = await import('testcontainers');
  const container = await new GenericContainer(process.env.EVENTSTOREDB_IMAGE ?? image)
    .withEnvironment({ EVENTSTORE_INSECURE: 'true', EVENTSTORE_CLUSTER_SIZE: '1', EVENTSTORE_RUN_PROJECTIONS: 'None' })
    .withExposedPorts(2113)
    .withWaitStrategy(Wait.forHttp('/health/live', 2113).forStatusCode(204))
    .withStartupTimeout(120_000)
    .start();
  return {
    connectionString: `esdb://${container.getHost()}:${container.getMappedPort(2113)}?tls=false`,
    stop: async () => {
      await container.stop();
    },
  };
}

/** Quick and never throws: a daemon that listens answers a connection at once. */
function dockerAnswers(): Promise<boolean> {
  const host = process.env.DOCKER_HOST;
  const at = host === undefined || host === '' ? { path: '/var/run/docker.sock' } : addressOf(host);
  if (at === undefined || ('path' in at && !existsSync(at.path))) return Promise.resolve(false);
  return new Promise((resolve) => {
    const socket = connect(at);
    const answer = (answers: boolean) => {
      socket.destroy();
      resolve(answers);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.once('connect', () => answer(true));
    socket.once('error', () => answer(false));
  });
}

function addressOf(dockerHost: string): { path: string } | { host: string; port: number } | undefined {
  if (!URL.canParse(dockerHost)) return undefined;
  const url = new URL(dockerHost);
  if (url.protocol === 'unix:') return { path: url.pathname };
  return { host: url.hostname, port: Number(url.port || 2375) };
}
