export interface Candidate {
  /** Orders the candidates before the shuffle, so that a file system's order has no say. */
  id: string;
  label: string;
  prompt: string;
}

export interface Split {
  train: Candidate[];
  test: Candidate[];
}

/** Two emails that share half of their word triples are the same mailing. */
const SAME = 0.5;

/** A random number generator that gives the same sequence on every machine (mulberry32): uniform in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A shuffled copy (Fisher-Yates). */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    [copy[last], copy[other]] = [copy[other]!, copy[last]!];
  }
  return copy;
}

/** The set of consecutive word triples of a text, with case, digits, punctuation and `Re:` left out. */
export function wordTriples(text: string): Set<string> {
  const normalised = text.toLowerCase().replace(/\b(?:re|fwd?|aw|subject|label):/g, " ");
  const words = normalised
    .replace(/[^\p{L}]+/gu, " ")
    .trim()
    .split(" ");
  if (words.length < 3) return new Set([words.join(" ")]);
  return new Set(words.slice(2).map((word, index) => `${words[index]} ${words[index + 1]} ${word}`));
}

/** Keeps the first of each group of equal or nearly equal texts (Jaccard similarity of their word triples >= 0.5). */
export function withoutNearDuplicates<T extends { prompt: string }>(items: readonly T[]): T[] {
  const kept: T[] = [];
  const sizes: number[] = [];
  const holders = new Map<string, number[]>();
  for (const item of items) {
    const triples = wordTriples(item.prompt);
    const shared = new Map<number, number>();
    for (const triple of triples)
      for (const holder of holders.get(triple) ?? []) shared.set(holder, (shared.get(holder) ?? 0) + 1);
    const duplicate = [...shared].some(
      ([holder, both]) => both / (triples.size + sizes[holder]! - both) >= SAME,
    );
    if (duplicate) continue;
    for (const triple of triples) {
      const list = holders.get(triple);
      if (list === undefined) holders.set(triple, [kept.length]);
      else list.push(kept.length);
    }
    kept.push(item);
    sizes.push(triples.size);
  }
  return kept;
}

/**
 * Draws both splits with the same number of rows per label, no text (or nearly equal text) twice.
 *
 * Throws `RangeError` where a label has too few candidates.
 */
export function splitEvenly(
  candidates: readonly Candidate[],
  rows: { train: number; test: number },
  seed: number,
): Split {
  const random = seededRandom(seed);
  const byId = candidates.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const distinct = withoutNearDuplicates(shuffled(byId, random));
  const labels = [...new Set(distinct.map((row) => row.label))].toSorted();
  const split: Split = { train: [], test: [] };
  for (const label of labels) {
    const pool = distinct.filter((row) => row.label === label);
    const test = rows.test / labels.length;
    const train = rows.train / labels.length;
    if (pool.length < test + train)
      throw new RangeError(`Label "${label}" has ${pool.length} distinct emails, wanted ${test + train}`);
    split.test.push(...pool.slice(0, test));
    split.train.push(...pool.slice(test, test + train));
  }
  return { train: shuffled(split.train, random), test: shuffled(split.test, random) };
}
