import { InvalidDataError } from "../../shared/errors.ts";
import { createRandom } from "../../shared/random.ts";
import type { TokenizedExample } from "../model/training-batch.ts";

/**
 * Token ids whose embeddings the virtual tokens start from. A given text is tiled or cut to the number of virtual tokens,
 * as PEFT does it; without one, tokens are drawn from the training inputs by how often they occur there (Lester et al.
 * 2021, section 3.2: starting from real tokens beats random vectors). Throws InvalidDataError for a text without tokens.
 */
export function initialTokens(
  examples: readonly TokenizedExample[],
  virtualTokens: number,
  options: { text?: readonly number[] | undefined; seed: number },
): number[] {
  const { text, seed } = options;
  if (text) {
    if (text.length === 0) throw new InvalidDataError('"initial_text" has no tokens, wanted at least one');
    return Array.from({ length: virtualTokens }, (_, i) => text[i % text.length] as number);
  }
  const random = createRandom(seed);
  const pool = examples.filter(({ context }) => context.length > 0);
  if (pool.length === 0) throw new InvalidDataError('No row has an input to start the prompt from; give an "initial_text"');
  return Array.from({ length: virtualTokens }, () => {
    const { context } = pool[random.below(pool.length)] as TokenizedExample;
    return context[random.below(context.length)] as number;
  });
}
