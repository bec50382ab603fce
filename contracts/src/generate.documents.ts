import { asyncapi } from './generate.asyncapi.ts';
import { openapiOf } from './generate.openapi.ts';
import { serviceNames } from './index.ts';

/** Every generated document by its path in this package, as text. The same schemas always give the same bytes. */
export const documents = (): ReadonlyMap<string, string> =>
  new Map(
    [
      ...serviceNames.map((service) => [`openapi/${service}.json`, openapiOf(service)] as const),
      ['asyncapi/tongdui.json', asyncapi()] as const,
    ].map(([path, document]) => [path, `${JSON.stringify(document, null, 2)}\n`]),
  );

/** Documents that are not as they would be generated now, each with the first line that differs. */
export const outOfStep = (read: (path: string) => string | undefined): readonly string[] =>
  [...documents()].flatMap(([path, wanted]) => {
    const found = read(path);
    if (found === wanted) return [];
    if (found === undefined) return [`${path} is missing`];
    const lines = wanted.split('\n');
    const given = found.split('\n');
    const place = lines.findIndex((line, index) => line !== given[index]);
    const line = place === -1 ? lines.length : place;
    return [`${path} line ${line + 1} is\n  ${given[line] ?? '(nothing)'}\nand would be\n  ${lines[line] ?? '(nothing)'}`];
  });
