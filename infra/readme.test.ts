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
/** What a run writes is named before it exists. */
const written = new Set(readFileSync('.gitignore', 'utf8').split('\n'));
const targets = new Set([...readFileSync('Makefile', 'utf8').matchAll(/^([a-z-]+):/gm)].map(([, target]) => target));

test.each(documents)('%s names only files and targets that exist', (document) => {
  const text = readFileSync(document, 'utf8');
  const folder = document.includes('/') ? document.slice(0, document.lastIndexOf('/') + 1) : '';
  const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.(?:ts|json|md|yaml|conf|csv)|[\w.-]+\.ts)`/g)].map(
    ([, path]) => path as string,
  );
  const missing = named.filter(
    (path) =>
      !written.has(path) &&
      ![path, `${folder}${path}`, `${folder}src/${path}`, `services/redemption/src/${path}`].some((place) => existsSync(place)),
  );
  expect(missing).toEqual([]);
  const unknown = [...text.matchAll(/\bmake ([a-z]+)\b/g)]
    .map(([, target]) => target as string)
    .filter((target) => !targets.has(target) && /`[^`]*make /.test(text));
  expect(unknown.filter((target) => text.includes(`\`make ${target}`))).toEqual([]);
});

test.each([
  ['contracts/src/http/redemption.ts', 'acceptDelivery'],
  ['services/redemption/src/redemption.http.ts', 'operations.acceptDelivery'],
  ['services/redemption/src/redemption.problems.ts', 'already-accepted'],
  ['services/redemption/src/order.operations.ts', 'acceptDelivery'],
  ['services/redemption/src/order.decider.ts', 'AcceptDelivery'],
  ['services/redemption/src/order.state.ts', 'DeliveryAccepted'],
  ['services/redemption/src/redemption.followup.ts', "'redeem'"],
  ['services/redemption/src/redemption.work.ts', 'redeem-amount'],
  ['services/redemption/src/voucher.decider.ts', 'AmountRedeemed'],
  ['services/redemption/src/publication.ts', 'amount-redeemed'],
  ['services/ledger/src/posting.ts', "'amount-redeemed'"],
])('reading redeem: the README names %s, where %s stands', (file, what) => {
  expect(readFileSync('README.md', 'utf8')).toContain(file.slice(file.lastIndexOf('/') + 1));
  expect(readFileSync(file, 'utf8')).toContain(what);
});
