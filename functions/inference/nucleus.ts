export interface Truncation {
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
}

export interface Nucleus {
  readonly ids: readonly number[];
  readonly weights: Float32Array;
  readonly total: number;
}

/**
 * The tokens that top-k, top-p and min-p leave, in this order, each working on what the one before left. No full sort:
 * what cannot be in the result is dropped in one pass, the rest becomes a heap, and only kept tokens are taken from it.
 *
 * @param weights unnormalised probabilities, the largest being 1
 * @param total their sum
 */
export function nucleus(weights: Float32Array, total: number, { topP, topK, minP }: Truncation): Nucleus {
  const candidates: number[] = [];
  const least = leastWeight(weights, total, { topP, topK, minP });
  for (let id = 0; id < weights.length; id++) {
    const weight = weights[id] as number;
    if (weight > 0 && weight >= least) candidates.push(id);
  }
  const inOrder = topK > 0 || topP < 1;
  return collect(inOrder ? takeLikeliest(candidates, weights, total, topK, topP) : candidates, weights, minP);
}

/** A weight below which no token can be in the result. */
function leastWeight(weights: Float32Array, total: number, { topP, topK, minP }: Truncation): number {
  // Later steps count the mass of what min-p will drop, so it may drop early only where it is alone or before top-k.
  if (topP >= 1) return minP;
  // All tokens below this together weigh less than what top-p leaves out. After top-k, which renormalises, it does not hold.
  return topK > 0 ? 0 : ((1 - topP) * total) / weights.length;
}

function takeLikeliest(
  heap: number[],
  weights: Float32Array,
  total: number,
  topK: number,
  topP: number,
): number[] {
  const before = (a: number, b: number) => {
    const difference = (weights[a] as number) - (weights[b] as number);
    return difference > 0 || (difference === 0 && a < b);
  };
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) siftDown(heap, i, before);
  if (topK <= 0)
    return takeMass(() => (heap.length > 0 ? popFirst(heap, before) : undefined), weights, topP * total);
  const kept: number[] = [];
  while (kept.length < topK && heap.length > 0) kept.push(popFirst(heap, before));
  if (topP >= 1) return kept;
  const mass = kept.reduce((sum, id) => sum + (weights[id] as number), 0);
  const rest = kept.values();
  return takeMass(() => rest.next().value, weights, topP * mass);
}

/** Takes tokens until they weigh as much as wanted, and at least one. */
function takeMass(next: () => number | undefined, weights: Float32Array, wanted: number): number[] {
  const kept: number[] = [];
  let mass = 0;
  do {
    const id = next();
    if (id === undefined) break;
    kept.push(id);
    mass += weights[id] as number;
  } while (mass < wanted);
  return kept;
}

function collect(ids: readonly number[], weights: Float32Array, minP: number): Nucleus {
  const kept = minP > 0 ? ids.filter((id) => (weights[id] as number) >= minP) : ids;
  const keptWeights = Float32Array.from(kept, (id) => weights[id] as number);
  return { ids: kept, weights: keptWeights, total: keptWeights.reduce((sum, weight) => sum + weight, 0) };
}

type Before = (a: number, b: number) => boolean;

function popFirst(heap: number[], before: Before): number {
  const first = heap[0] as number;
  const last = heap.pop() as number;
  if (heap.length > 0) {
    heap[0] = last;
    siftDown(heap, 0, before);
  }
  return first;
}

function siftDown(heap: number[], start: number, before: Before): void {
  const item = heap[start] as number;
  let place = start;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as number, heap[child] as number)) child++;
    if (!before(heap[child] as number, item)) break;
    heap[place] = heap[child] as number;
    place = child;
  }
  heap[place] = item;
}
