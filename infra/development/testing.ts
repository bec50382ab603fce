import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Child } from './system/child.ts';
import { urlAt } from './system/layout.ts';
import { freePorts } from './system/ports.ts';

/** A directory for one test; removing it is the test's last act. */
export const temporaryDirectory = (): { readonly path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'tongdui-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
};

/** One development server as a process of its own, ready. */
export const startServer = async (
  name: 'identity-provider' | 'bank',
  dataDirectory: string,
): Promise<{ readonly child: Child; readonly url: string }> => {
  const [port = 0] = await freePorts(1);
  const url = urlAt(port);
  const child = new Child({
    name,
    command: process.execPath,
    args: [programOf(name)],
    environment: { NODE_ENV: 'development', PORT: String(port), DATA_DIR: dataDirectory, ISSUER: url },
    logFile: join(dataDirectory, `${name}.log`),
    isReady: () =>
      fetch(`${url}/readyz`).then(
        (response) => response.ok,
        () => false,
      ),
    onChange: () => {},
    log: () => {},
  });
  await child.start();
  return { child, url };
};

export const programOf = (name: 'identity-provider' | 'bank'): string => fileURLToPath(new URL(`./${name}/main.ts`, import.meta.url));
