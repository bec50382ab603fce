import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { treeWithBrokenRules } from './fixtures/broken-imports.ts';

/** The guard rails themselves: what they must find, they find, and the tree as it is holds them. */

const root = fileURLToPath(new URL('..', import.meta.url));
const configuration = join(root, '.dependency-cruiser.cjs');
const { forbidden } = createRequire(import.meta.url)(configuration) as { forbidden: readonly { name: string }[] };
const directory = mkdtempSync(join(tmpdir(), 'tongdui-rules-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const run = (program: string, args: readonly string[], cwd: string): string => {
  const { stdout, stderr, error } = spawnSync(join(root, 'node_modules/.bin', program), args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (error) throw error;
  if (stdout === '') throw new Error(`${program} said nothing: ${stderr}`);
  return stdout;
};

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true });
  writeFileSync(join(directory, path), text);
};

type Cruised = {
  readonly modules: readonly {
    readonly source: string;
    readonly dependencies: readonly { readonly resolved: string; readonly dependencyTypes: readonly string[] }[];
  }[];
  readonly summary: { readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[] };
};
const cruise = (cwd: string, folders: readonly string[]): Cruised =>
  JSON.parse(run('depcruise', ['--config', configuration, '--output-type', 'json', ...folders], cwd)) as Cruised;

let theTree: Cruised | undefined;
const cruiseTheTree = (): Cruised => {
  theTree ??= cruise(root, ['contracts', 'packages', 'services', 'infra', 'demo', 'e2e', 'simulation']);
  return theTree;
};

/** `rule: file that breaks it` */
const brokenIn = ({ summary }: Cruised): string[] => summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();

/** Numbers of the lines that a fixture says are reported. */
const linesToReport = (fixture: string): number[] =>
  readFileSync(new URL(`./fixtures/${fixture}`, import.meta.url), 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.endsWith('// reported') ? [index + 1] : []));

describe('the import rules', () => {
  beforeAll(() => {
    copyFileSync(join(root, 'tsconfig.json'), join(directory, 'tsconfig.json'));
    for (const [path, text] of Object.entries(treeWithBrokenRules.files)) write(path, text);
    for (const [path, target] of Object.entries(treeWithBrokenRules.links)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      symlinkSync(target, join(directory, path));
    }
  });

  test('hold in the tree', { timeout: 60_000 }, () => {
    const cruised = cruiseTheTree();
    expect(brokenIn(cruised)).toEqual([]);
    // A rule about a client would hold by itself if the dependency were not seen.
    for (const [from, client] of [
      ['packages/bus/', 'node_modules/nats/'],
      ['packages/event-store/', 'node_modules/@eventstore/'],
    ] as const)
      expect(
        cruised.modules.some(
          ({ source, dependencies }) => source.startsWith(from) && dependencies.some(({ resolved }) => resolved.includes(client)),
        ),
      ).toBe(true);
  });

  test('find everything that breaks them, and nothing else', { timeout: 60_000 }, () => {
    const expected = Object.entries(treeWithBrokenRules.broken).flatMap(([rule, files]) => files.map((file) => `${rule}: ${file}`));
    expect(brokenIn(cruise(directory, ['contracts', 'packages', 'services', 'simulation']))).toEqual(expected.sort());
  });

  test('are each broken by a fixture', () => {
    expect(Object.keys(treeWithBrokenRules.broken).sort()).toEqual(forbidden.map(({ name }) => name).sort());
  });
});

describe('the lint rules of what decides', () => {
  type Linted = { readonly diagnostics: readonly { readonly filename: string; readonly labels: readonly { span: { line: number } }[] }[] };
  const lint = (args: readonly string[], cwd: string): Linted => JSON.parse(run('oxlint', ['--format', 'json', ...args], cwd)) as Linted;
  const kinds = ['decider', 'state', 'process', 'projection'];
  type Settings = { readonly overrides: readonly { readonly rules: Readonly<Record<string, unknown>> }[] };
  const settings = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as Settings;

  test('find time, chance, environment, network, timers and locale, in every kind of file', () => {
    const place = join(directory, 'linted');
    mkdirSync(join(place, 'services/any/src'), { recursive: true });
    copyFileSync(join(root, '.oxlintrc.json'), join(place, '.oxlintrc.json'));
    for (const kind of kinds)
      copyFileSync(join(root, 'infra/fixtures/impure.decider.ts'), join(place, `services/any/src/impure.${kind}.ts`));
    const { diagnostics } = lint([], place);
    for (const kind of kinds) {
      const found = diagnostics.filter(({ filename }) => filename.endsWith(`.${kind}.ts`)).flatMap(({ labels }) => labels);
      expect([...new Set(found.map(({ span }) => span.line))].sort((a, b) => a - b)).toEqual(linesToReport('impure.decider.ts'));
    }
  });

  test('hold for everything that what decides can reach', { timeout: 60_000 }, () => {
    const reached = reachedFrom(cruiseTheTree(), new RegExp(`^services/[^/]+/src/.*\\.(${kinds.join('|')})\\.ts$`));
    expect(reached.length).toBeGreaterThan(30);
    const pure = join(directory, 'pure.json');
    writeFileSync(pure, JSON.stringify({ categories: { correctness: 'off' }, rules: settings.overrides[0]?.rules }));
    const { diagnostics } = lint(['-c', pure, ...reached], root);
    expect(diagnostics.map(({ filename, labels }) => `${filename}:${labels[0]?.span.line}`)).toEqual([]);
  });

  /** Files of services and packages that are loaded with what decides. Contracts read dates from text, which is the same everywhere. */
  const reachedFrom = ({ modules }: Cruised, start: RegExp): string[] => {
    const next = new Map(
      modules.map(({ source, dependencies }) => [
        source,
        dependencies.filter(({ dependencyTypes }) => !dependencyTypes.includes('type-only')).map(({ resolved }) => resolved),
      ]),
    );
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file) || !/^(services|packages)\//.test(file)) return;
      reached.add(file);
      for (const dependency of next.get(file) ?? []) visit(dependency);
    };
    for (const { source } of modules) if (start.test(source) && !source.endsWith('.test.ts')) visit(source);
    return [...reached];
  };
});

test('the types of what decides know neither Node nor a browser', { timeout: 60_000 }, () => {
  const said = run('tsc', ['--noEmit', '--pretty', 'false', '-p', 'infra/fixtures/tsconfig.json'], root);
  const lines = [...said.matchAll(/globals\.decider\.ts\((\d+),/g)].map(([, line]) => Number(line));
  expect([...new Set(lines)]).toEqual(linesToReport('globals.decider.ts'));
});
