import type { Person } from './people.ts';

/** Choosing a person instead of a password: the page says in both languages that this is not how people sign in for real. */
export const signInPage = (page: { uid: string; people: readonly Person[]; unknown?: string }): string => `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>开发登录 · Development sign-in</title>
<style>
body { font: 16px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1d1d1f; }
.notice { background: #fff3cd; border: 1px solid #b58900; padding: .6rem 1rem; }
.error { background: #fde8e8; border: 1px solid #b91c1c; padding: .6rem 1rem; }
label { display: block; margin: 1rem 0 .3rem; }
select, input, button { font: inherit; width: 100%; box-sizing: border-box; padding: .5rem; }
button { margin-top: 1.2rem; }
</style>
</head>
<body>
<h1>通兑 · Tongdui</h1>
<p class="notice"><strong>开发环境：无需密码，任选一人登录。</strong><br>Development only: no password, sign in as anyone.</p>
${page.unknown === undefined ? '' : `<p class="error">没有此人 · No such person: <code>${escapeHtml(page.unknown)}</code></p>`}
<form method="post" action="/interaction/${escapeHtml(page.uid)}">
<label for="person">人员 · Person</label>
<select id="person" name="person">
${page.people.map(option).join('\n')}
</select>
<label for="organisation">或机构人员 · Or a person of an organisation</label>
<input id="organisation" name="organisation" placeholder="enterprise.310117.91350100M000100Y43" autocomplete="off">
<button type="submit">登录 · Sign in</button>
</form>
</body>
</html>
`;

const option = (person: Person): string =>
  `<option value="${escapeHtml(person.sub)}">${escapeHtml(`${person.name.zh} · ${person.name.en} (${person.sub})`)}</option>`;

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
