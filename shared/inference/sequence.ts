import { freeBuffer } from "../free-buffer.ts";
import type { LogitsAt, Sequence } from "../ports/inference-engine.ts";
import type { DecodeStep, KvCache } from "./decode-session.ts";
import { ContextLengthError, EngineUsageError } from "./errors.ts";
import { runChunks, type EngineContext } from "./run-chunks.ts";
import { shareCache, type SharedCache } from "./shared-cache.ts";

/** `Sequence.append` whose step is run as the caller wants it. Everything before the step happens at once. */
export type AppendWith = (
  run: (step: DecodeStep) => Promise<KvCache>,
  tokenIds: readonly number[],
  logitsAt?: LogitsAt,
) => Promise<Float32Array>;

/** A sequence after `past`, which it takes over. */
export function startSequence(context: EngineContext, past: SharedCache | null): Sequence {
  const { contextLength, vocabularySize } = context.architecture;
  let shared = past;
  let logits = new Float32Array(0);
  let running = false;
  let closed = false;

  const assertIdle = (action: string) => {
    if (closed) throw new EngineUsageError(`Cannot ${action} a sequence that is closed`);
    if (running) throw new EngineUsageError(`Cannot ${action} a sequence that is still appending`);
  };
  const replace = (next: SharedCache | null) => {
    shared?.release();
    shared = next;
  };
  const free = () => {
    replace(null);
    freeBuffer(logits);
  };

  const length = () => shared?.cache.tokens ?? 0;
  const appendWith: AppendWith = async (run, tokenIds, logitsAt = "last") => {
    assertIdle("append to");
    const rows = rowsOf(tokenIds, logitsAt);
    const total = length() + tokenIds.length;
    if (total > contextLength) throw new ContextLengthError(total, contextLength);
    // Each sequence has its own logits, so that interleaved requests cannot read each other's.
    const size = rows.length * vocabularySize;
    if (logits.length !== size) {
      freeBuffer(logits);
      logits = new Float32Array(size);
    }
    running = true;
    try {
      const step = { past: shared?.cache ?? null, prompt: null, ids: tokenIds, rows, logits };
      replace(shareCache(await run(step)));
    } finally {
      running = false;
      if (closed) free();
    }
    assertIdle("read");
    return logits;
  };

  const sequence: Sequence = {
    get length() {
      return length();
    },
    append: (tokenIds, logitsAt) => appendWith((step) => runChunks(context, step), tokenIds, logitsAt),
    fork() {
      assertIdle("fork");
      shared?.retain();
      return startSequence(context, shared);
    },
    close() {
      closed = true;
      // A run under way still reads the past; when it ends it frees everything.
      if (!running) free();
    },
  };
  context.appends.set(sequence, appendWith);
  return sequence;
}

function rowsOf(tokenIds: readonly number[], logitsAt: LogitsAt): readonly number[] {
  const count = tokenIds.length;
  if (count === 0) throw new EngineUsageError("Cannot append no tokens");
  if (logitsAt === "last") return [count - 1];
  logitsAt.forEach((row, i) => {
    const after = logitsAt[i - 1] ?? -1;
    if (!Number.isInteger(row) || row <= after || row >= count) {
      throw new EngineUsageError(
        `Found position ${row} after ${after}, wanted ascending ones below ${count}`,
      );
    }
  });
  return logitsAt;
}
