import type { Architecture } from "../contracts/model.ts";
import type { Sequence } from "../ports/inference-engine.ts";
import type { DecodeSession, DecodeStep, KvCache } from "./decode-session.ts";
import type { AppendWith } from "./sequence.ts";

/** What running needs to know. */
export interface EngineContext {
  readonly session: DecodeSession;
  readonly architecture: Architecture;
  /** Positions computed in one go. */
  readonly chunkTokens: number;
  /** Of every sequence that was started. */
  readonly appends: WeakMap<Sequence, AppendWith>;
}

/**
 * Runs a step of at least one position in chunks, and lets the event loop turn between them. `step.past` stays the
 * caller's; when a chunk fails, everything made so far is released.
 */
export async function runChunks(context: EngineContext, step: DecodeStep): Promise<KvCache> {
  const total = (step.prompt?.tokens ?? 0) + step.ids.length;
  let made: KvCache | null = null;
  for (let begin = 0; begin < total; begin += context.chunkTokens) {
    const past: KvCache | null = made;
    try {
      if (begin > 0) await nextTurn();
      const end = Math.min(begin + context.chunkTokens, total);
      made = await context.session.run({
        ...slice(step, begin, end, context.architecture),
        past: past ?? step.past,
      });
    } finally {
      past?.release();
    }
  }
  return made as KvCache;
}

/** Positions `[begin, end)` of a step. */
function slice(
  { prompt, ids, rows, logits }: DecodeStep,
  begin: number,
  end: number,
  { hiddenSize, vocabularySize }: Architecture,
): Omit<DecodeStep, "past"> {
  const vectors = prompt?.tokens ?? 0;
  const lastVector = Math.min(end, vectors);
  const firstRow = rows.filter((row) => row < begin).length;
  const lastRow = rows.filter((row) => row < end).length;
  return {
    prompt:
      prompt && begin < lastVector
        ? {
            tokens: lastVector - begin,
            data: prompt.data.subarray(begin * hiddenSize, lastVector * hiddenSize),
          }
        : null,
    ids: ids.slice(Math.max(begin - vectors, 0), Math.max(end - vectors, 0)),
    rows: rows.slice(firstRow, lastRow).map((row) => row - begin),
    logits: logits.subarray(firstRow * vocabularySize, lastRow * vocabularySize),
  };
}

/** A turn of the event loop, so that other requests are not held up. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
