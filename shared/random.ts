/** Uniform numbers in [0, 1), the same sequence for the same seed on every machine. */
export interface Random {
  next(): number;
  /** An integer in [0, limit). */
  below(limit: number): number;
  /** A standard normal number. */
  normal(): number;
  /** Internal state, to go on later exactly here. */
  readonly state: number;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand's tests, plenty for shuffling and starts. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    below: (limit) => Math.floor(next() * limit),
    // Box-Muller; 1 - u keeps the logarithm away from zero.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    get state() {
      return state;
    },
  };
}

/**
 * `count` different integers of [0, limit), in random order: Fisher-Yates on a list of them all of which only what was
 * moved is held.
 */
export function sampleBelow(limit: number, count: number, random: Random): number[] {
  const moved = new Map<number, number>();
  const held = (place: number) => moved.get(place) ?? place;
  return Array.from({ length: count }, (_, taken) => {
    const last = limit - 1 - taken;
    const place = random.below(last + 1);
    const chosen = held(place);
    moved.set(place, held(last));
    return chosen;
  });
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
