import { InvalidDataError } from "../../shared/errors.ts";
import { createRandom } from "../../shared/random.ts";
import type { TokenizedRow } from "../../shared/text/render.ts";

/**
 * Token ids whose embeddings the virtual tokens start from. A given text is tiled or cut to the number of virtual tokens,
 * as PEFT does it; without one, tokens are drawn from the training inputs by how often they occur there (Lester et al.
 * 2021, section 3.2: starting from real tokens beats random vectors). Throws InvalidDataError for a text without tokens.
 */
export function initialTokens(
  rows: readonly TokenizedRow[],
  virtualTokens: number,
  options: { text?: readonly number[] | undefined; seed: number },
): number[] {
  const { text, seed } = options;
  if (text) {
    if (text.length === 0) throw new InvalidDataError('"initial_text" has no tokens, wanted at least one');
    return Array.from({ length: virtualTokens }, (_, i) => text[i % text.length] as number);
  }
  const random = createRandom(seed);
  return Array.from({ length: virtualTokens }, () => {
    const { ids } = rows[random.below(rows.length)] as TokenizedRow;
    return ids[random.below(ids.length)] as number;
  });
}
