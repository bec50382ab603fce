import { z } from 'zod';

export type Json = { [name: string]: unknown };

/** Collects schemas while a document is written and turns all of them into JSON Schema at once, so that each named one appears once. */
export type Schemas = {
  /** What to write where the schema is used: replaced by a reference, or by the schema itself when it has no name. */
  use(schema: z.ZodType): Json;
  /** The document with every use filled in, and the named schemas in the order of their names. */
  resolve<Document extends Json>(document: Document): { readonly document: Document; readonly components: Json };
};

export const schemasOf = (): Schemas => {
  const used: z.ZodType[] = [];
  return {
    use: (schema) => {
      used.push(schema);
      return { [placeholder]: used.length - 1 };
    },
    resolve: (document) => {
      const shape = Object.fromEntries(used.map((schema, place) => [`s${place}`, schema]));
      const all = converted(z.object(shape));
      const properties = all.properties as Json;
      const components = named(all.$defs as Json | undefined);
      return { document: filled(document, (place) => pointed(properties[`s${place}`])) as typeof document, components };
    },
  };
};

const placeholder = 'schema of';

const converted = (schema: z.ZodType): Json =>
  z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: 'input',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // A schema that reads text as something else says itself what the text looks like.
      const own = (jsonSchema as Json).override;
      if (typeof own !== 'object') return;
      for (const name of Object.keys(jsonSchema)) if (name !== 'description' && name !== 'id') delete (jsonSchema as Json)[name];
      Object.assign(jsonSchema, own);
    },
  }) as Json;

const named = (definitions: Json = {}): Json =>
  Object.fromEntries(
    Object.entries(definitions)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, definition]) => {
        const { id: _id, ...schema } = pointed(definition) as Json;
        return [name, schema];
      }),
  );

/** References point to the components of the document. */
const pointed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(pointed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // The bounds of every JSON number say nothing.
      .filter(([, one]) => one !== Number.MAX_SAFE_INTEGER && one !== Number.MIN_SAFE_INTEGER)
      .map(([name, one]) => [
        name,
        name === '$ref' && typeof one === 'string' ? one.replace('#/$defs/', '#/components/schemas/') : pointed(one),
      ]),
  );
};

const filled = (value: unknown, schemaAt: (place: number) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => filled(one, schemaAt));
  if (typeof value !== 'object' || value === null) return value;
  const place = (value as Json)[placeholder];
  if (typeof place === 'number') return schemaAt(place);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, filled(one, schemaAt)]));
};
