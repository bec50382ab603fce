import { hash } from 'node:crypto';

const bytesOf = new Map<string, Buffer>();

/** UUID version 5 (RFC 9562): the same name in the same namespace always gives the same id. Each fact has one, so it is made for speed. */
export const uuidv5 = (name: string, namespace: string): string => {
  const prefix = bytesOf.get(namespace) ?? Buffer.from(namespace.replaceAll('-', ''), 'hex');
  bytesOf.set(namespace, prefix);
  const digest = hash('sha1', Buffer.concat([prefix, Buffer.from(name)]), 'hex');
  const variant = ((Number.parseInt(digest.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
};
