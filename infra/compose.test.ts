import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DCLinter } from 'dclint';
import { describe, expect, test } from 'vitest';
import { findNatsServer } from './development/system/nats-server.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const composeFile = join(here, 'compose.yaml');
const compose = readFileSync(composeFile, 'utf8');
const natsConfiguration = readFileSync(join(here, 'nats.conf'), 'utf8');
const serviceNames = readdirSync(join(here, '../services'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** What the linter finds against the schema of the Compose Specification, and the few rules of its own that are about correctness. */
const complaintsAbout = (file: string): string[] => {
  const rules = {
    'service-image-require-explicit-tag': 2,
    'no-duplicate-exported-ports': 2,
    'no-unbound-port-interfaces': 2,
    'require-project-name-field': 2,
  } as const;
  const linter: Linter = new DCLinter({ rules: { ...rules, ...quiet }, quiet: true, debug: false, exclude: [] });
  return linter.lintFiles([file], false).flatMap(({ messages }) => messages.map(({ rule, message }) => `${rule}: ${message}`));
};

/** The part of the linter used here; its own types cannot be resolved as it publishes them. */
type Linter = { lintFiles(paths: string[], recursive: boolean): { messages: { rule: string; message: string }[] }[] };

/** Rules about the order of things and about style: a matter of taste, switched off. */
const quiet = {
  'no-build-and-image': 0,
  'no-quotes-in-volumes': 0,
  'require-quotes-in-ports': 0,
  'service-container-name-regex': 0,
  'service-dependencies-alphabetical-order': 0,
  'service-keys-order': 0,
  'service-ports-alphabetical-order': 0,
  'services-alphabetical-order': 0,
  'top-level-properties-order': 0,
} as const;

/** The text of one service of the compose file. */
const serviceText = (name: string): string | undefined => new RegExp(`^ {2}${name}:\\n((?: {4}.*\\n|\\n)+)`, 'm').exec(compose)?.[1];

describe('compose.yaml', () => {
  test('conforms to the Compose Specification, and a broken file does not', () => {
    expect(complaintsAbout(composeFile)).toEqual([]);
    const broken = complaintsAbout(join(here, 'fixtures/broken-compose.yaml'));
    expect(broken).toContainEqual(expect.stringMatching(/^invalid-schema: .*(healthcheck|ports)/i));
  });

  test.each(serviceNames)('%s is built from the one Dockerfile, on one volume of its own', (name) => {
    const text = serviceText(name);
    expect(text).toContain('dockerfile: infra/Dockerfile');
    expect(text).toContain(`SERVICE: ${name}\n`);
    expect(text).toContain(`- ${name}:/data\n`);
    expect(text).toContain('<<: *environment');
  });

  test('every image has a version', () => {
    const images = [...compose.matchAll(/^ +image: (.+)$/gm)].map(([, image]) => image);
    expect(images).toHaveLength(serviceNames.length + 2);
    expect(images.filter((image) => !image?.startsWith('tongdui/') && !/:\d+\.\d+\.\d+/.test(image ?? ''))).toEqual([]);
    expect(compose).not.toContain(':latest');
  });

  test('the broker syncs every message: at least 2.12.7, which knows how', () => {
    const version = /^ +image: nats:(\d+)\.(\d+)\.(\d+)/m.exec(compose)?.slice(1).map(Number) as [number, number, number];
    expect(version[0] * 1_000_000 + version[1] * 1000 + version[2]).toBeGreaterThanOrEqual(2_012_007);
  });

  test('nothing of development is in it, and nothing listens beyond this machine', () => {
    expect(compose).not.toMatch(/development|CRASH_AT|CLOCK/);
    const published = [...compose.matchAll(/^ +- "(.*):8080"$/gm)].map(([, address]) => address);
    expect(published).toHaveLength(serviceNames.length);
    expect(published.filter((address) => !address?.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('an issuer and a payment rail are asked for by name when they are not set', () => {
    expect(compose).toMatch(/OIDC_ISSUER: \$\{OIDC_ISSUER:\?set OIDC_ISSUER to .+\}/);
    expect(serviceText('redemption')).toMatch(/BANK_URL: \$\{BANK_URL:\?set BANK_URL to .+\}/);
  });
});

describe('nats.conf', () => {
  test('every message is synced before it is acknowledged', () => {
    expect(natsConfiguration).toMatch(/^\s+sync_interval: always$/m);
  });

  test('services may not delete or purge streams', () => {
    expect(natsConfiguration).not.toMatch(/"(\$JS\.)?(API\.)?>"|\$JS\.API\.(>|\*)|DELETE|PURGE/);
  });

  test('a server understands it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'tongdui-nats-'));
    const file = join(directory, 'nats.conf');
    // Servers before 2.10 do not know this one setting; the image above does.
    writeFileSync(file, natsConfiguration.replace(/^\s+sync_interval: always$/m, ''));
    const check = (path: string) =>
      execFileSync(
        findNatsServer(() => {}),
        ['--config', path, '-t'],
        { stdio: 'pipe' },
      );
    expect(() => check(file)).not.toThrow();
    writeFileSync(file, `${natsConfiguration}\nno_such_setting: true\n`);
    expect(() => check(file)).toThrow();
    rmSync(directory, { recursive: true });
  });
});

describe('Dockerfile', () => {
  const dockerfile = readFileSync(join(here, 'Dockerfile'), 'utf8');

  test('one version of node, not root, and a health check', () => {
    expect(dockerfile).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-/m);
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('/livez');
  });

  test('it installs pnpm in the version this repository is built with', () => {
    const pinned = (
      JSON.parse(readFileSync(join(here, '../toolchain/package.json'), 'utf8')) as { dependencies: { pnpm: string; node: string } }
    ).dependencies;
    expect(dockerfile).toContain(`ARG PNPM_VERSION=${pinned.pnpm}`);
    expect(dockerfile).toContain(`node:${pinned.node}-`);
  });
});
