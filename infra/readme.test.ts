import { existsSync, globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What the documents say is true: every path they name is there, every make target they name exists. */

const documents = [
  'README.md',
  ...globSync('docs/**/*.md'),
  ...globSync('services/*/README.md'),
  ...globSync('infra/**/README.md', { exclude: ['**/node_modules/**'] }),
  ...globSync('demo/README.md'),
];
const targets = new Set([...readFileSync('Makefile', 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));

test.each(documents)('%s names only files and targets that exist', (document) => {
  const text = readFileSync(document, 'utf8');
  const folder = document.includes('/') ? document.slice(0, document.lastIndexOf('/') + 1) : '';
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|json|md|yaml|conf|csv)|[\w.-]+\.ts)`/g)].map(
    ([, path]) => path as string,
  );
  const missing = named.filter(
    (path) => ![path, `${folder}${path}`, `${folder}src/${path}`, `services/redemption/src/${path}`].some((place) => existsSync(place)),
  );
  expect(missing).toEqual([]);
  const unknown = [...text.matchAll(/\bmake ([a-z]+)\b/g)]
    .map(([, target]) => target as string)
    .filter((target) => !targets.has(target) && /`[^`]*make /.test(text));
  expect(unknown.filter((target) => text.includes(`\`make ${target}`))).toEqual([]);
});

test('the README names the whole path of one operation', () => {
  const text = readFileSync('README.md', 'utf8');
  for (const file of [
    'redemption.http.ts',
    'order.operations.ts',
    'order.decider.ts',
    'redemption.process.ts',
    'voucher.decider.ts',
    'publication.ts',
    'posting.ts',
  ])
    expect(text).toContain(file);
});
