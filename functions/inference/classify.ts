import { scoreLabels, type LabelScore } from "./label-scoring.ts";
import { buildLabelTrie } from "./label-trie.ts";
import { prefill } from "./prefill.ts";
import type { Session } from "./session.ts";

/**
 * Scores the same labels behind each input, reading each input once.
 *
 * @param inputs token ids, at least one each
 * @param labels each label's tokens
 * @returns for each input one score per label
 */
export async function classify(
  session: Session,
  inputs: readonly (readonly number[])[],
  labels: readonly (readonly number[])[],
): Promise<LabelScore[][]> {
  const trie = buildLabelTrie(labels);
  const endToken = session.model.tokenizer.specialTokens.end[0] as number;
  const scored: LabelScore[][] = [];
  for (const ids of inputs) {
    const sequence = session.start();
    const logits = await session.timed("prefill", () => prefill(session.turns, sequence, ids));
    session.count(ids.length);
    scored.push(
      await session.timed("decode", () =>
        scoreLabels(session.turns, session, sequence, logits, trie, labels.length, endToken),
      ),
    );
    session.free(sequence);
  }
  return scored;
}
