/**
 * A decision over several streams. One coordinating entity records what is wanted, its process asks every part, and the
 * coordinator records the outcome: all yes commits; any no refuses, and then every part is released until it has acknowledged.
 */

/** What one part says. `queued` is neither yes nor no: the grant comes later, as an event. */
export type PartAnswer<Data = unknown> =
  | { readonly is: 'yes'; readonly data: Data }
  | { readonly is: 'no'; readonly reason: string }
  | { readonly is: 'queued' };

export type Outcome<Data = unknown> =
  | { readonly is: 'waiting' }
  | { readonly is: 'queued' }
  | { readonly is: 'commit'; readonly data: readonly Data[] }
  /** The reason of the first part, in the stated order of parts, that said no. */
  | { readonly is: 'refuse'; readonly reason: string };

/**
 * The outcome as soon as it is certain. `undefined` stands for a part that has not answered. A refusal waits for every part: one that
 * has not answered may still be about to say yes, and which reason is given must not depend on who answers first.
 */
export const outcomeOf = <Data>(answers: readonly (PartAnswer<Data> | undefined)[]): Outcome<Data> => {
  const given = answers.filter((answer) => answer !== undefined);
  if (given.length < answers.length) return { is: 'waiting' };
  const no = given.find((answer) => answer.is === 'no');
  if (no) return { is: 'refuse', reason: no.reason };
  if (given.some((answer) => answer.is === 'queued')) return { is: 'queued' };
  return { is: 'commit', data: given.flatMap((answer) => (answer.is === 'yes' ? [answer.data] : [])) };
};
