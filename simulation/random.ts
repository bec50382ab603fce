/** Chance that repeats: everything a simulation leaves open is drawn from a seed, each kind of choice from a stream of its own. */
export interface Random {
  /** A whole number, 0 up to but not including the limit. */
  below(limit: number): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<Item>(items: readonly Item[]): Item;
  /** One of the options, each as often as its weight. */
  weighted<Item>(options: readonly (readonly [weight: number, item: Item])[]): Item;
}

/** sfc32 (Chris Doty-Humphrey, PractRand), seeded by the text's FNV-1a hashes. */
export const randomOf = (seed: string): Random => {
  let [a, b, c, counter] = [fnv(seed, 1), fnv(seed, 2), fnv(seed, 3), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let warmUp = 0; warmUp < 12; warmUp += 1) next();
  const below = (limit: number) => Math.floor((next() / 4_294_967_296) * limit);
  return {
    below,
    between: (least, most) => least + below(most - least + 1),
    chance: (probability) => next() / 4_294_967_296 < probability,
    pick: (items) => {
      if (items.length === 0) throw new Error('nothing to pick from');
      return items[below(items.length)] as (typeof items)[number];
    },
    weighted: (options) => {
      let left = below(options.reduce((sum, [weight]) => sum + weight, 0));
      for (const [weight, item] of options) {
        if (left < weight) return item;
        left -= weight;
      }
      throw new Error('no option has a weight');
    },
  };
};

const fnv = (text: string, salt: number): number => {
  let hash = (2_166_136_261 ^ salt) | 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 16_777_619);
  return hash;
};
