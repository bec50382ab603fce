import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { out, ownData } from './generate.invention.ts';
import { orders, prefunds } from './generate.orders.ts';
import { applications, enterprises, offerings, ownPots, providers, provincePots, recognitions, sharedPots } from './generate.places.ts';

/**
 * Writes the generated part of the demo's data. Policies and agreements are written by hand; everything else follows from them and the
 * seed, so the same arguments give the same files, byte for byte:
 *
 *   node demo/generate.ts [--orders 544] [--seed 20260302] [--out demo/data]
 */
mkdirSync(out, { recursive: true });
if (out !== ownData)
  for (const name of ['policies', 'agreements']) writeFileSync(`${out}/${name}.json`, readFileSync(`${ownData}/${name}.json`));
write('prefunds', ['deposit', 'debtor', 'creditor', 'on', 'amountFen'], prefunds);
write('pots', ['pot', 'owner', 'name', 'openTo', 'appropriation', 'amountFen'], [...ownPots, ...provincePots, ...sharedPots]);
write(
  'providers',
  ['provider', 'name', 'categories', 'cnaps', 'account'],
  providers.map((provider) => ({ ...provider, categories: provider.categories.join('|') })),
);
write('offerings', ['offering', 'provider', 'category', 'name', 'tariffFen'], offerings);
write('recognitions', ['recognition', 'provider', 'categories'], recognitions);
write('enterprises', ['enterprise', 'name', 'establishedOn', 'cnaps', 'account'], enterprises);
write('applications', ['application', 'enterprise', 'story', 'requestedFen', 'faceFen', 'funding', 'category', 'purpose'], applications);
const things = ['order', 'story', 'application', 'offering', 'baseFen', 'subsidyFen', 'actualBaseFen'] as const;
const days = ['proposeOn', 'labOn', 'contractOn', 'deliverOn', 'acceptOn', 'claimOn', 'reviewOn', 'payOn', 'laterOn', 'finallyOn'] as const;
write(
  'orders',
  [...things, ...days, 'invoice'],
  orders.toSorted((a, b) => (a.proposeOn ?? 0) - (b.proposeOn ?? 0) || (a.order < b.order ? -1 : 1)),
);

function write<Column extends string>(
  name: string,
  columns: readonly Column[],
  rows: readonly Readonly<Partial<Record<Column, string | number>>>[],
): void {
  const lines = rows.map((row) => columns.map((column) => row[column] ?? '').join(','));
  writeFileSync(`${out}/${name}.csv`, `${[columns.join(','), ...lines].join('\n')}\n`);
}
