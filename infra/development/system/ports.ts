import { createServer, type Server } from 'node:net';
import { developmentHost } from '../development-only.ts';

/** Below the range from which the kernel takes ports for outgoing connections: a port stays ours while its process is restarted. */
const lowest = 17_000;
const highest = 31_999;

/** Distinct ports that nobody listens on. Held all at once while choosing, so that none is chosen twice. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const held: { port: number; server: Server }[] = [];
  try {
    let candidate = lowest + Math.floor(Math.random() * (highest - lowest));
    for (let tried = 0; held.length < count; tried += 1) {
      if (tried > highest - lowest) throw new Error(`there are no ${count} free ports between ${lowest} and ${highest}`);
      candidate = candidate >= highest ? lowest : candidate + 1;
      const server = await listen(candidate);
      if (server) held.push({ port: candidate, server });
    }
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ server }) => close(server)));
  }
};

export const isTaken = async (port: number): Promise<boolean> => {
  const server = await listen(port);
  if (!server) return true;
  await close(server);
  return false;
};

const listen = (port: number): Promise<Server | undefined> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: developmentHost, exclusive: true }, () => resolve(server));
  });

const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
