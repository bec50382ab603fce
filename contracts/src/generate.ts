import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { documents, outOfStep } from './generate.documents.ts';

/** `node contracts/src/generate.ts` writes the documents; with `--check` it says which ones are out of step, and fails. */

const fileOf = (path: string): URL => new URL(`../${path}`, import.meta.url);

const read = (path: string): string | undefined => {
  try {
    return readFileSync(fileOf(path), 'utf8');
  } catch {
    return undefined;
  }
};

if (process.argv.includes('--check')) {
  const differences = outOfStep(read);
  for (const difference of differences) process.stderr.write(`${difference}\n`);
  if (differences.length > 0) {
    process.stderr.write('The contract documents are out of step with the schemas: run node contracts/src/generate.ts\n');
    process.exit(1);
  }
} else {
  for (const [path, text] of documents()) {
    if (read(path) === text) continue;
    mkdirSync(new URL('.', fileOf(path)), { recursive: true });
    writeFileSync(fileOf(path), text);
    process.stdout.write(`wrote contracts/${path}\n`);
  }
}
