import { type Home, homes, type Member, members } from '@tongdui/contracts';

/**
 * Who is a member is data, read once when a process starts. Here it is the cast of a history: a month end of nine cities is 72 pairs, nearly all of
 * them between cities in which nothing happens, and takes more time than everything that does. Every fourth history has the whole corridor.
 */
export const inCorridorOf = async <Result>(cities: readonly string[], run: () => Promise<Result>): Promise<Result> => {
  const whole = { homes: [...homes], members: [...members] };
  const become = (now: { readonly homes: readonly Home[]; readonly members: readonly Member[] }): void => {
    (homes as Home[]).splice(0, homes.length, ...now.homes);
    (members as Member[]).splice(0, members.length, ...now.members);
  };
  const isCast = (home: string): boolean => home === 'G60' || cities.includes(home);
  become({ homes: whole.homes.filter(isCast), members: whole.members.filter(isCast) });
  try {
    return await run();
  } finally {
    become(whole);
  }
};
