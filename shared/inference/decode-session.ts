import type { KvTensor, SoftPromptVectors } from "../ports/inference-engine.ts";

/** Keys and values of every layer, in the runtime's memory. Never changed once made, so sequences may share it. */
export interface KvCache {
  readonly tokens: number;
  readonly bytes: number;
  /** Frees the memory; a second call does nothing. */
  release(): void;
}

export interface DecodeStep {
  /** What comes before; `null` is nothing. Stays the caller's. */
  readonly past: KvCache | null;
  /** Goes in front of `ids`. One of the two may be empty. */
  readonly prompt: SoftPromptVectors | null;
  readonly ids: readonly number[];
  /** Positions to give logits for, counted from the first new one, ascending. */
  readonly rows: readonly number[];
  /** Where the logits go: `[rows, vocabulary]`. */
  readonly logits: Float32Array;
}

/**
 * A decode graph that one runtime holds ready: what an engine adapter has to provide. `createEngine` makes an
 * InferenceEngine of it.
 */
export interface DecodeSession {
  /**
   * Runs one step, writes its logits and returns the past with the step added, which is the caller's to release. Steps
   * under way at the same time do not disturb each other. Nothing stays allocated when it fails.
   */
  run(step: DecodeStep): Promise<KvCache>;
  /**
   * Runs steps of one token each, after different pasts, in one pass over the weights; each comes out as `run` would have it.
   * Only where the runtime can do so.
   */
  runTogether?(steps: readonly DecodeStep[]): Promise<PromiseSettledResult<KvCache>[]>;
  /** Copies keys and values into the runtime's memory. */
  load(kv: KvTensor): Promise<KvCache>;
  memoryBytes(): number;
  close(): void;
}
