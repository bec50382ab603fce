import type { Json } from './generate.schemas.ts';
import { html, Markup } from './page.markup.ts';
import { tableOf, typeOf } from './page.schema.ts';
import { script, style } from './page.style.ts';

/**
 * One page that shows OpenAPI and AsyncAPI documents: operations and events that open, schemas as tables, a search box. It needs nothing
 * beside itself. `nonce` is put on its style and its script, for a content security policy that names it.
 */
export const contractsPage = (documents: readonly Json[], options: { readonly nonce?: string } = {}): string => {
  const chapters = documents.map(chapterOf);
  const nonce = options.nonce === undefined ? html`` : html` nonce="${options.nonce}"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tongdui contracts · 通兑接口</title>
<style${nonce}>${new Markup(style)}</style>
</head>
<body>
<header><h1>Tongdui contracts · 通兑接口</h1><input type="search" placeholder="Search · 搜索 ( / )" aria-label="Search · 搜索" hidden><output></output></header>
<div class="page">
<nav><ul>${chapters.map(({ id, title, sections }) => html`<li><a href="#${id}">${title}</a><ul>${sections.map((section) => html`<li><a href="#${section.id}">${section.title}</a></li>`)}</ul></li>`)}</ul></nav>
<main>${chapters.map(({ id, title, intro, sections }) => html`<section><h2 id="${id}">${title}</h2><p class="intro">${intro}</p>${sections.map((section) => html`<section><h3 id="${section.id}">${section.title}${section.note}</h3>${section.items}</section>`)}</section>`)}</main>
</div>
<script${nonce}>${new Markup(script)}</script>
</body>
</html>
`.text;
};

type Section = { readonly id: string; readonly title: string; readonly note: Markup | undefined; readonly items: readonly Markup[] };
type Chapter = { readonly id: string; readonly title: string; readonly intro: string; readonly sections: readonly Section[] };

const chapterOf = (document: Json, place: number): Chapter => {
  const info = document.info as { title: string; description?: string };
  const id = `d${place}`;
  const sections = document.asyncapi ? eventSections(document, id) : operationSections(document, id);
  return { id, title: info.title, intro: info.description ?? '', sections: [...sections, schemaSection(document, id)] };
};

type Operation = {
  operationId: string;
  tags: string[];
  summary: string;
  'x-summary-zh'?: string;
  'x-roles'?: string[];
  parameters?: { name: string; in: string; required: boolean; schema: Json; description?: string }[];
  requestBody?: { content: Record<string, { schema: Json }> };
  responses: Record<string, Response>;
};
type Response = { $ref?: string; description?: string; content?: Record<string, { schema: Json }> };

const operationSections = (document: Json, id: string): Section[] => {
  const found = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  return ((document.tags as { name: string; description: string }[] | undefined) ?? []).map((tag) => ({
    id: `${id}-tag-${tag.name}`,
    title: tag.name,
    note: tag.description === tag.name ? undefined : html` — ${tag.description}`,
    items: found
      .filter(({ operation }) => operation.tags.includes(tag.name))
      .map(({ path, method, operation }) => operationItem(document, id, path, method, operation)),
  }));
};

const operationItem = (document: Json, id: string, path: string, method: string, operation: Operation): Markup => {
  const { operationId, summary, parameters = [], requestBody } = operation;
  const zh = operation['x-summary-zh'] ?? '';
  const roles = operation['x-roles'];
  const body = requestBody?.content['application/json']?.schema;
  return html`<details id="${id}-${operationId}" data-words="${[method, path, operationId, summary, zh, ...(roles ?? [])].join(' ')}">
<summary><span class="method ${method}">${method.toUpperCase()}</span><code>${path}</code><span class="what">${summary} · ${zh}</span></summary>
<div class="inside"><p><span class="id">${operationId}</span> ${roles?.map((role) => html`<span class="role">${role}</span>`)}</p>
${parameters.length === 0 ? '' : html`<h4>Parameters · 参数</h4><table><tbody>${parameters.map((one) => html`<tr><td><code>${one.name}</code> <span class="optional">${one.in}${one.required ? '' : ', optional'}</span></td><td>${typeOf(one.schema, id)}</td><td class="bounds">${one.description}</td></tr>`)}</tbody></table>`}
${body ? html`<h4>Body · 请求体</h4>${tableOf(resolved(document, body), id)}` : ''}
<h4>Answers · 应答</h4><table><tbody>${Object.entries(operation.responses).map(([status, response]) => answerRow(document, id, status, response))}</tbody></table></div>
</details>`;
};

const answerRow = (document: Json, id: string, status: string, response: Response): Markup => {
  const name = response.$ref?.split('/').at(-1) ?? '';
  const shared = (document.components as { responses?: Record<string, Response> }).responses?.[name];
  const { description, content } = shared ?? response;
  const schemas = Object.entries(content ?? {}).map(
    ([type, one]) => html`<div>${type.includes('json') ? typeOf(one.schema, id) : type}</div>`,
  );
  return html`<tr><td><code>${status}</code></td><td>${schemas}</td><td class="bounds">${description}</td></tr>`;
};

type Message = { name: string; title: string; summary: string; description?: string; payload: Json; examples?: { payload: unknown }[] };

const eventSections = (document: Json, id: string): Section[] => {
  const { messages } = document.components as { messages: Record<string, Message> };
  return Object.entries(document.channels as Record<string, { address: string; title: string; messages: Record<string, unknown> }>).map(
    ([service, channel]) => ({
      id: `${id}-channel-${service}`,
      title: channel.address,
      note: html` — ${channel.title}`,
      items: Object.keys(channel.messages).flatMap((name) => (messages[name] ? [eventItem(id, name, messages[name])] : [])),
    }),
  );
};

const eventItem = (id: string, name: string, message: Message): Markup => {
  const data = (message.payload.properties as Record<string, Json> | undefined)?.data ?? {};
  const { title, summary, description } = message;
  return html`<details id="${id}-${name}" data-words="${[message.name, title, summary, description].join(' ')}">
<summary><span class="method event">EVENT</span><code>${message.name}</code><span class="what">${title} · ${summary}</span></summary>
<div class="inside">${description === undefined ? '' : html`<p class="id">${description}</p>`}<h4>Data · 数据</h4>${tableOf(data, id)}
${(message.examples ?? []).map((example) => html`<h4>Example · 示例</h4><pre>${JSON.stringify(example.payload, null, 2)}</pre>`)}</div>
</details>`;
};

const schemaSection = (document: Json, id: string): Section => {
  const { schemas } = document.components as { schemas: Record<string, Json> };
  return {
    id: `${id}-schemas`,
    title: 'Schemas · 数据结构',
    note: undefined,
    items: Object.entries(schemas).map(
      ([name, schema]) => html`<details id="${id}-${name}" data-words="${name} ${String(schema.description ?? '')}">
<summary><code>${name}</code><span class="what">${String(schema.description ?? '')}</span></summary>
<div class="inside">${tableOf(schema, id)}</div>
</details>`,
    ),
  };
};

/** A body is shown where it is used, also when it has a name. */
const resolved = (document: Json, schema: Json): Json => {
  const name = (schema.$ref as string | undefined)?.split('/').at(-1);
  return name === undefined ? schema : ((document.components as { schemas: Record<string, Json> }).schemas[name] ?? schema);
};
