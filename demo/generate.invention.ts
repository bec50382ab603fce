import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { addDays, addWorkingDays } from '@tongdui/calendar';
import { type Category, corridorData, type LocalDate, type Member, usccCheckCharacter } from '@tongdui/contracts';
import { ulid } from 'ulid';
import type { Agreement, Policy } from './data.ts';
import { firstDay } from './days.ts';

/** What everything invented is made of: the options, one seeded source of chance, names, codes, days; and the two files written by hand. */

const { values: options } = parseArgs({
  options: { orders: { type: 'string', default: '544' }, seed: { type: 'string', default: '20260302' }, out: { type: 'string' } },
});
export const ownData = fileURLToPath(new URL('./data', import.meta.url));
export const out = options.out ?? ownData;
export const ordersWanted = Number(options.orders);

/** mulberry32: small, seeded, good enough to scatter names and amounts. */
export const random = (() => {
  let state = Number(options.seed) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
})();
export const upTo = (max: number): number => Math.floor(random() * (max + 1));
export const between = (low: number, high: number): number => low + upTo(high - low);
export const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[upTo(items.length - 1)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
};
export const newUlid = (() => {
  let moment = Date.parse('2026-02-01T00:00:00Z');
  return () => {
    moment += 1_000;
    return ulid(moment, random);
  };
})();

const policies = JSON.parse(readFileSync(`${ownData}/policies.json`, 'utf8')) as Policy[];
export const agreements = JSON.parse(readFileSync(`${ownData}/agreements.json`, 'utf8')) as Agreement[];
export const termsOf = (home: Member) => {
  const policy = policies.find(({ id }) => id.startsWith(home));
  if (!policy) throw new Error(`${home} has no policy`);
  return policy.terms;
};
export const cityName = (city: Member): string => corridorData.members.find(({ code }) => code === city)?.zh.replace('上海', '') ?? city;
export const isFronted = (home: Member, host: Member): boolean =>
  home !== host &&
  termsOf(home).payeeMode === 'lab-redeemed' &&
  agreements.some((agreement) => agreement.home === home && agreement.host === host && agreement.route === 'host-fronted');

const alphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const usedCodes = new Set<string>();
export const usccIn = (city: Member, kind: '91' | '12'): string => {
  const first17 = `${kind}${city}MA${Array.from({ length: 7 }, () => pick([...alphabet])).join('')}`;
  if (usedCodes.has(first17)) return usccIn(city, kind);
  usedCodes.add(first17);
  return first17 + usccCheckCharacter(first17);
};
export const digits = (count: number): string => Array.from({ length: count }, () => upTo(9)).join('');
export const cnapsIn = (city: Member): string => `${between(102, 105)}${city.slice(0, 4)}${digits(5)}`;

const words = [...'云星河岚峰澜沐曜岩溪松竹青禾远望凌霄晨曦朗月清泉翠微沧海鸿鹄紫苑'];
const invented = new Set<string>();
/** Every name says that it is an example, so that nobody looks for the company. */
export const inventedName = (city: Member, kinds: readonly string[]): string => {
  const name = `${cityName(city)}${pick(words)}${pick(words)}示例${pick(kinds)}`;
  if (invented.has(name)) return inventedName(city, kinds);
  invented.add(name);
  return name;
};
export const enterpriseKinds = ['科技有限公司', '智能装备有限公司', '新材料有限公司', '生物科技有限公司', '光电有限公司', '软件有限公司'];
export const labKinds = ['检测中心', '工程研究院', '分析测试实验室', '设计研究所', '技术转移中心', '知识产权服务中心'];
export const services: Readonly<Record<Category, string>> = {
  'instrument-sharing': '大型仪器共享机时',
  testing: '材料与可靠性检测',
  'commissioned-rd': '委托研究开发',
  'technology-transfer': '技术成果转移',
  design: '工业设计',
  'ip-service': '专利导航与布局',
};

const startDate = firstDay as LocalDate;
/** The day itself, or the Monday after it. */
export const workingDay = (day: number): number => {
  const weekday = new Date(`${addDays(startDate, day)}T00:00:00Z`).getUTCDay();
  return weekday === 6 ? day + 2 : weekday === 0 ? day + 1 : day;
};
const dayOfDate = (date: string): number => Math.round((Date.parse(date) - Date.parse(startDate)) / 86_400_000);
export const afterNotice = (reviewOn: number, noticeWorkingDays: number): number =>
  workingDay(dayOfDate(addWorkingDays(addDays(startDate, reviewOn), noticeWorkingDays)) + 1);

/** Pots and prefunds grow with the number of orders. */
export const scale = Math.max(1, ordersWanted / 544);
