import { createRandom } from "../../shared/random.ts";
import type { TokenizedExample } from "../model/training-batch.ts";
import type { LazyList } from "../lazy-list.ts";

/** Tokens with which every context ends: the row's form, which is the same when it is served. */
export function commonEnding(examples: LazyList<TokenizedExample>): number {
  const first = examples.at(0)?.context;
  let length = first?.length ?? 0;
  for (const { context } of examples) {
    if (length === 0) break;
    let same = 0;
    while (same < length && context.at(-1 - same) === first?.at(-1 - same)) same++;
    length = same;
  }
  return length;
}

/**
 * Replaces a share of the inputs' tokens by tokens of other inputs in the batch, so that no prompt can rely on single
 * words (word dropout; Iyyer et al. 2015). Targets and the last `spared` tokens stay. The same seed gives the same tokens.
 */
export function replaceTokens(
  batch: readonly TokenizedExample[],
  rate: number,
  spared: number,
  seed: number,
): TokenizedExample[] {
  if (rate === 0) return [...batch];
  const random = createRandom(seed);
  const pool = batch.flatMap(({ context }) => context.slice(0, context.length - spared));
  return batch.map((example) => {
    const targets = new Set(example.contextTargets);
    const end = example.context.length - spared;
    const context = example.context.map((id, i) =>
      i < end && !targets.has(i) && random.next() < rate ? (pool[random.below(pool.length)] as number) : id,
    );
    return { ...example, context };
  });
}
