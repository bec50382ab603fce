import { hash } from 'node:crypto';
import type { ServiceName } from '@tongdui/contracts';
import type { Open } from './http.ts';

/** The contract documents as anyone may read them. Loaded when they are first asked for: a process that nobody asks starts the sooner. */

export const openapiReply =
  (service: ServiceName): Open =>
  async () => {
    const { openapiOf } = await import('@tongdui/contracts/documents');
    return { json: await openapiOf(service) };
  };

/** One page that shows all services and events. Its own style and script are allowed by their hashes, and nothing else is. */
export const contractsPageReply = (): Open => {
  let page: Promise<{ readonly type: string; readonly text: string; readonly headers: Readonly<Record<string, string>> }> | undefined;
  return () => {
    page ??= build();
    return page;
  };
};

const build = async () => {
  const [{ allDocuments }, { contractsPage }] = await Promise.all([
    import('@tongdui/contracts/documents'),
    import('@tongdui/contracts/page'),
  ]);
  const text = contractsPage((await allDocuments()) as Parameters<typeof contractsPage>[0]);
  const policy = `default-src 'none'; style-src ${hashOf(text, 'style')}; script-src ${hashOf(text, 'script')}; base-uri 'none'; frame-ancestors 'none'`;
  return { type: 'text/html; charset=utf-8', text, headers: { 'content-security-policy': policy } };
};

const hashOf = (page: string, element: 'style' | 'script'): string => {
  const inside = page.slice(page.indexOf('>', page.indexOf(`<${element}`)) + 1, page.lastIndexOf(`</${element}>`));
  return `'sha256-${hash('sha256', inside, 'base64')}'`;
};
