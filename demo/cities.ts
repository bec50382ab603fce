import { corridorData, type Member, members } from '@tongdui/contracts';

/** What an id says of its city, and what people call a city or a province. */

/** `<home>-enterprise-<USCC>` and `<host>-provider-<USCC>` end in the code. */
export const usccOf = (id: string): string => id.slice(-18);

export const cityOf = (id: string): Member => {
  const code = id.slice(0, 6);
  const city = members.find((member) => member === code);
  if (!city) throw new Error(`${id} is of no member city`);
  return city;
};

export const nameOf = (city: string): { readonly zh: string; readonly en: string } => {
  const place = [...corridorData.members, ...corridorData.provinces].find(({ code }) => code === city);
  return place ? { zh: place.zh, en: place.en } : { zh: city, en: city };
};

/** Songjiang is a district of Shanghai and is known by its own name. */
export const cityName = (city: string): string => nameOf(city).zh.replace('上海松江', '松江');
