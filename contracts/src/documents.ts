import { readFile } from 'node:fs/promises';
import { type ServiceName, serviceNames } from './vocabulary.ts';

/** The generated documents as they are checked in. */

export const openapiOf = (service: ServiceName): Promise<unknown> => documentAt(`../openapi/${service}.json`);

export const allDocuments = (): Promise<unknown[]> =>
  Promise.all([...serviceNames.map((service) => openapiOf(service)), documentAt('../asyncapi/tongdui.json')]);

const documentAt = async (path: string): Promise<unknown> => JSON.parse(await readFile(new URL(path, import.meta.url), 'utf8'));
