import type { Json } from './generate.schemas.ts';
import { html, type Markup } from './page.markup.ts';

/** Shows JSON Schema to people: a word for what a value is, a table for what an object holds. `prefix` keeps the links of one document apart. */
export const typeOf = (schema: Json, prefix: string): Markup => {
  const reference = schema.$ref;
  if (typeof reference === 'string') {
    const name = reference.split('/').at(-1) ?? '';
    return html`<a href="#${prefix}-${name}">${name}</a>`;
  }
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (Array.isArray(schema.enum))
    return html`${schema.enum.map((value, place) => html`${place > 0 ? ' | ' : ''}<code>${value as string}</code>`)}`;
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined;
  if (choices) return html`${choices.map((choice, place) => html`${place > 0 ? ' or ' : ''}${typeOf(choice, prefix)}`)}`;
  if (schema.type === 'array') return html`list of ${typeOf((schema.items ?? {}) as Json, prefix)}`;
  if (schema.type === 'object' && !schema.properties) {
    const values = schema.additionalProperties;
    return typeof values === 'object' ? html`map to ${typeOf(values as Json, prefix)}` : html`object`;
  }
  return html`${(schema.type as string | undefined) ?? 'anything'}`;
};

/** What bounds a value beside its type. */
const boundsOf = (schema: Json): string => {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, format } = schema as Record<
    string,
    string | number | undefined
  >;
  const between = (low: unknown, high: unknown, unit: string) =>
    low === undefined && high === undefined ? [] : [`${low ?? ''}…${high ?? ''}${unit}`];
  return [
    ...between(minimum, maximum, ''),
    ...between(minLength, maxLength, ' characters'),
    ...between(minItems, maxItems, ' items'),
    ...(format === undefined ? [] : [String(format)]),
    ...(pattern === undefined ? [] : [String(pattern)]),
  ].join(' · ');
};

/** The members of an object, those of unnamed objects inside it with their path. Anything else is shown in one line. */
export const tableOf = (schema: Json, prefix: string): Markup => {
  const rows = rowsOf(schema, prefix, '');
  if (rows.length === 0)
    return html`<p class="type">${schema.type === 'object' && schema.properties ? 'an empty object' : typeOf(schema, prefix)}${boundsOf(schema) === '' ? '' : html` <span class="bounds">${boundsOf(schema)}</span>`}</p>`;
  return html`<table><thead><tr><th>name</th><th>type</th><th>bounds</th></tr></thead><tbody>${rows}</tbody></table>`;
};

const rowsOf = (schema: Json, prefix: string, path: string): Markup[] => {
  const required = new Set((schema.required as string[] | undefined) ?? []);
  return Object.entries((schema.properties as Record<string, Json> | undefined) ?? {}).flatMap(([name, property]) => {
    const inner = property.type === 'array' ? ((property.items ?? {}) as Json) : property;
    const place = `${path}${name}${property.type === 'array' && inner.properties ? '[]' : ''}`;
    const described = property.description;
    const row = html`<tr><td><code>${place}</code>${required.has(name) ? '' : html` <span class="optional">optional</span>`}</td><td>${typeOf(inner === property ? property : inner.properties ? { type: 'array', items: { type: 'object' } } : property, prefix)}</td><td class="bounds">${boundsOf(property)}${typeof described === 'string' ? ` ${described}` : ''}</td></tr>`;
    return [row, ...(inner.properties ? rowsOf(inner, prefix, `${place}.`) : [])];
  });
};
