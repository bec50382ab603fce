import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK } from 'jose';

export const signingAlgorithm = 'ES256';

/** The key is made once and kept, so that tokens handed out before a restart are still good after it. */
export const signingKey = async (dataDirectory: string): Promise<JWK> => {
  mkdirSync(dataDirectory, { recursive: true });
  const path = join(dataDirectory, 'signing-key.json');
  const kept = readIfThere(path);
  if (kept) return JSON.parse(kept) as JWK;
  const { privateKey } = await generateKeyPair(signingAlgorithm, { extractable: true });
  const key: JWK = { ...(await exportJWK(privateKey)), alg: signingAlgorithm, use: 'sig' };
  // Renaming a complete file: a process killed half-way must not leave half a key.
  writeFileSync(`${path}.new`, JSON.stringify(key), { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return key;
};

const readIfThere = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
