import type { Sequence } from "../../shared/ports/inference-engine.ts";
import type { Turns } from "./generate.ts";
import { inferenceLimits } from "./limits.ts";

/**
 * Runs an input through a sequence, in pieces so that others get their turn, and gives the logits at its end, `[vocabulary]`, which
 * last until the sequence's next call.
 *
 * @param ids at least one token
 */
export async function prefill(
  turns: Pick<Turns, "take">,
  sequence: Sequence,
  ids: readonly number[],
): Promise<Float32Array> {
  const chunk = inferenceLimits.prefillChunk;
  for (let begin = 0; ; begin += chunk) {
    const piece = ids.slice(begin, begin + chunk);
    if (begin + chunk >= ids.length) return turns.take(() => sequence.append(piece, "last"));
    await turns.take(async () => {
      await sequence.append(piece, []);
    }, true);
  }
}

/**
 * Like `prefill`, and hands over the logits after each token but the last: row i tells what the model expected after
 * token i. The rows must be read at once; the one returned lasts until the sequence's next call.
 */
export async function prefillWithLogits(
  turns: Pick<Turns, "take">,
  sequence: Sequence,
  ids: readonly number[],
  read: (position: number, logits: Float32Array) => void,
): Promise<Float32Array> {
  const chunk = inferenceLimits.prefillChunk;
  for (let begin = 0; ; begin += chunk) {
    const piece = ids.slice(begin, begin + chunk);
    const isLast = begin + chunk >= ids.length;
    const last = await turns.take(async () => {
      const logits = await sequence.append(piece, [...piece.keys()]);
      const vocabulary = logits.length / piece.length;
      const row = (i: number) => logits.subarray(i * vocabulary, (i + 1) * vocabulary);
      const reported = isLast ? piece.length - 1 : piece.length;
      for (let i = 0; i < reported; i++) read(begin + i, row(i));
      return isLast ? row(piece.length - 1) : undefined;
    }, !isLast);
    if (last) return last;
  }
}
