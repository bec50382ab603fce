import type { Actor, Home, NounRoute } from '@tongdui/contracts';
import type { JsonObject } from '@tongdui/event-store';
import { z } from 'zod';
import { unusable } from './after.ts';
import { type CommandContext, misdirected } from './command-route.ts';
import { csvOf } from './csv.ts';
import { FailureError, failure, invalid } from './problems.ts';
import type { Visible } from './read-model.search.ts';
import type { ReadModel } from './read-model.ts';
import type { RowFilter } from './service.ts';
import { isVisible, visibleTo } from './visibility.ts';

/** One resource and the list of its kind, read from one table of the read model. */
export type NounEndpoint = {
  readonly is: 'noun';
  readonly noun: string;
  one(call: { readonly actor: Actor; readonly id: string }, context: QueryContext): Reply;
  list(call: { readonly actor: Actor; readonly query: ListQuery }, context: QueryContext): Reply;
};

type QueryContext = Pick<CommandContext, 'homes' | 'cityUrls'> & { readonly readModel: ReadModel };
export type Reply = { readonly type: string; readonly text: string; readonly headers?: Readonly<Record<string, string>> };

export type NounOptions = {
  /** Default: the noun's name. */
  readonly table?: string;
  /** Rows that anyone signed in may read (policies, offerings), or a rule of its own. Default: own organisation, own city. */
  readonly visible?: 'everyone' | ((actor: Actor) => Visible);
  /** The resource as it is shown; default: the row as it is stored. */
  readonly show?: (body: JsonObject, actor: Actor) => JsonObject;
};

const limitDefault = 50;
const limitMax = 200;

const filterNames = ['status', 'home', 'host', 'enterprise', 'lab'] as const;
const filterText = z.string().min(1).max(64).optional();
export const ListQuery = z.strictObject({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, `a whole number from 1 to ${limitMax}`)
    .transform(Number)
    .refine((limit) => limit <= limitMax, `at most ${limitMax}`)
    .optional(),
  cursor: z.string().min(1).max(300).optional(),
  status: filterText,
  home: filterText,
  host: filterText,
  enterprise: filterText,
  lab: filterText,
  format: z.enum(['json', 'csv']).optional(),
  after: z.string().max(1_000).optional(),
});
export type ListQuery = z.infer<typeof ListQuery>;

export const nounRoutes = (route: NounRoute, options: NounOptions = {}): NounEndpoint => {
  const { table = route.noun, show } = options;
  const columns = Object.keys(route.view.shape);
  const visible = (actor: Actor): Visible =>
    options.visible === 'everyone' ? 'all' : options.visible ? options.visible(actor) : visibleTo(actor);
  const shown = (text: string, actor: Actor): string => (show ? JSON.stringify(show(JSON.parse(text) as JsonObject, actor)) : text);

  return {
    is: 'noun',
    noun: route.noun,
    one: ({ actor, id }, { readModel, homes, cityUrls }) => {
      const parsed = route.id.safeParse(id);
      if (!parsed.success) throw new FailureError(failure('not-found'));
      const home: Home = route.home(parsed.data);
      if (!homes.includes(home)) throw new FailureError(misdirected(cityUrls, home, `/${route.noun}/${encodeURIComponent(id)}`));
      const row = readModel.row(table, parsed.data);
      // What one may not see does not exist: its mere existence would say something.
      if (!row || !isVisible(visible(actor), row)) throw new FailureError(failure('not-found'));
      return { type: json, text: shown(row.body, actor), ...etagOf(row.body) };
    },
    list: ({ actor, query }, { readModel }) => {
      const limit = query.limit ?? limitDefault;
      const filter: RowFilter = {
        ...filtersOf(query),
        ...(query.cursor === undefined ? {} : { after: idOf(query.cursor) }),
        limit: limit + 1,
      };
      const rows = readModel.page({ table, filter, visible: visible(actor) });
      const page = rows.slice(0, limit);
      const next = rows.length > limit ? nextOf(route.noun, query, page.at(-1)!.id) : undefined;
      const headers: Record<string, string> = next === undefined ? {} : { link: `<${next}>; rel="next"` };
      const bodies = page.map((row) => shown(row.body, actor));
      if (query.format !== 'csv')
        return {
          type: json,
          text: `{"items":[${bodies.join(',')}]${next === undefined ? '' : `,"next":${JSON.stringify(next)}`}}`,
          headers,
        };
      const text = csvOf(
        columns,
        bodies.map((body) => JSON.parse(body) as JsonObject),
      );
      return {
        type: 'text/csv; charset=utf-8',
        text,
        headers: { ...headers, 'content-disposition': `attachment; filename="${route.noun}.csv"` },
      };
    },
  };
};

export const parseListQuery = (query: unknown): ListQuery => {
  const parsed = ListQuery.safeParse(query);
  if (!parsed.success) throw new FailureError(invalid('query', parsed.error));
  return parsed.data;
};

const json = 'application/json; charset=utf-8';

const filtersOf = (query: ListQuery): RowFilter =>
  Object.fromEntries(filterNames.flatMap((name) => (query[name] === undefined ? [] : [[name, query[name]]])));

/** The same question, further on: filters, page size and format stay. */
const nextOf = (noun: string, query: ListQuery, lastId: string): string => {
  const params = new URLSearchParams();
  for (const name of filterNames) if (query[name] !== undefined) params.set(name, query[name]);
  if (query.limit !== undefined) params.set('limit', String(query.limit));
  if (query.format !== undefined) params.set('format', query.format);
  params.set('cursor', Buffer.from(lastId).toString('base64url'));
  return `/${noun}?${params}`;
};

const idOf = (cursor: string): string => {
  const id = /^[A-Za-z0-9_-]+$/.test(cursor) ? Buffer.from(cursor, 'base64url').toString('utf8') : '';
  if (id === '' || Buffer.from(id).toString('base64url') !== cursor) throw unusable('cursor is not one that a list has answered');
  return id;
};

/** A row that knows its stream's revision lets the caller say If-Match. */
const etagOf = (body: string): { headers?: Record<string, string> } => {
  const revision = (JSON.parse(body) as { revision?: unknown }).revision;
  return typeof revision === 'number' ? { headers: { etag: `"${revision}"` } } : {};
};
