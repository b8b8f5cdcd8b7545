import type { Architecture } from "../contracts/model.ts";
import type { InferenceEngine, NextToken, Prefix } from "../ports/inference-engine.ts";
import { appendTogether } from "./append-together.ts";
import type { DecodeSession } from "./decode-session.ts";
import { ContextLengthError, EngineUsageError, SoftPromptShapeError } from "./errors.ts";
import { runChunks, type EngineContext } from "./run-chunks.ts";
import { startSequence } from "./sequence.ts";
import { shareCache, type SharedCache } from "./shared-cache.ts";

export interface EngineOptions {
  /** Positions computed in one go: bounds the work space, and how long other requests wait. */
  readonly chunkTokens?: number;
}

/**
 * Makes an engine of a runtime's decode session: chunked prefill, prefixes that sequences share without copying, and the
 * checks that the port promises. The engine owns the session.
 */
export function createEngine(
  session: DecodeSession,
  architecture: Architecture,
  // In wasm 128 are no faster, and take 10 MB more.
  { chunkTokens = 64 }: EngineOptions = {},
): InferenceEngine {
  const context: EngineContext = { session, architecture, chunkTokens, appends: new WeakMap() };
  const prefixCaches = new WeakMap<Prefix, () => SharedCache | null>();

  const makePrefix = (shared: SharedCache | null): Prefix => {
    let released = false;
    const prefix: Prefix = {
      tokens: shared?.cache.tokens ?? 0,
      bytes: shared?.cache.bytes ?? 0,
      release() {
        if (!released) shared?.release();
        released = true;
      },
    };
    prefixCaches.set(prefix, () => {
      if (released) throw new EngineUsageError("This prefix was released before it was used");
      return shared;
    });
    return prefix;
  };

  return {
    architecture,
    async computePrefix(vectors, tokenIds = []) {
      checkSize("A soft prompt's vectors", vectors.data, vectors.tokens * architecture.hiddenSize);
      const tokens = vectors.tokens + tokenIds.length;
      checkContext(tokens, architecture);
      if (tokens === 0) return makePrefix(null);
      const step = { past: null, prompt: vectors, ids: tokenIds, rows: [], logits: new Float32Array(0) };
      return makePrefix(shareCache(await runChunks(context, step)));
    },
    async loadPrefix(kv) {
      checkSize("A KV prefix", kv.data, kv.tokens * kvFloatsPerToken(architecture));
      checkContext(kv.tokens, architecture);
      return makePrefix(kv.tokens === 0 ? null : shareCache(await session.load(kv)));
    },
    start(prefix) {
      if (!prefix) return startSequence(context, null);
      const cacheOf = prefixCaches.get(prefix);
      if (!cacheOf) throw new EngineUsageError("This prefix belongs to another engine");
      const shared = cacheOf();
      shared?.retain();
      return startSequence(context, shared);
    },
    ...(session.runTogether && {
      appendTogether: (tokens: readonly NextToken[]) => appendTogether(context, tokens),
    }),
    memoryBytes: () => session.memoryBytes(),
    close: () => session.close(),
  };
}

/** Float32 numbers that one token takes in the KV cache. */
export function kvFloatsPerToken({ layers, kvHeads, headSize }: Architecture): number {
  return 2 * layers * kvHeads * headSize;
}

function checkSize(what: string, data: Float32Array, wanted: number): void {
  if (data.length !== wanted) throw new SoftPromptShapeError(what, data.length, wanted);
}

function checkContext(tokens: number, { contextLength }: Architecture): void {
  if (tokens > contextLength) throw new ContextLengthError(tokens, contextLength);
}
