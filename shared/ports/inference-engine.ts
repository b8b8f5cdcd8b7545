import type { Architecture } from "../contracts/model.ts";

/** Soft-prompt vectors in the model's embedding space: `[tokens, hidden]`, row-major float32. */
export interface SoftPromptVectors {
  readonly tokens: number;
  readonly data: Float32Array;
}

/** Keys and values of a prefix as a KV cache holds them (rotated): `[layers, 2, kvHeads, tokens, headSize]` float32. */
export interface KvTensor {
  readonly tokens: number;
  readonly data: Float32Array;
}

/** Which positions of the appended tokens to give logits for; `last` is what decoding needs. */
export type LogitsAt = "last" | readonly number[];

/**
 * A computed beginning that any number of sequences can start after, at no cost to them. Engine memory stays
 * taken until `release`; releasing while sequences still use it is allowed, the memory is freed with the last of them.
 */
export interface Prefix {
  readonly tokens: number;
  readonly bytes: number;
  release(): void;
}

/** One KV cache that grows by appending tokens. */
export interface Sequence {
  /** Tokens in the cache, the prefix included. */
  readonly length: number;
  /**
   * Appends tokens and returns logits `[positions, vocabulary]` for the positions asked for (counted from the first
   * appended token). The array is the sequence's own: its next call overwrites it, `close` frees it.
   * Throws ContextLengthError when the cache would pass the model's context.
   */
  append(tokenIds: readonly number[], logitsAt?: LogitsAt): Promise<Float32Array>;
  /** A second sequence with the same past; neither sees what the other appends. */
  fork(): Sequence;
  /** Frees the cache. The sequence must not be used afterwards. */
  close(): void;
}

/** A token to append to a sequence. */
export interface NextToken {
  readonly sequence: Sequence;
  readonly id: number;
}

/** Runs one base model. Implemented over onnxruntime-web in the isolate, over onnxruntime-node elsewhere. */
export interface InferenceEngine {
  readonly architecture: Architecture;
  /** Runs soft-prompt vectors (followed by tokens, if any) and keeps their keys and values. */
  computePrefix(vectors: SoftPromptVectors, tokenIds?: readonly number[]): Promise<Prefix>;
  /** Copies keys and values that were computed or trained elsewhere. */
  loadPrefix(kv: KvTensor): Promise<Prefix>;
  /** A new sequence after `prefix`, or an empty one. */
  start(prefix?: Prefix): Sequence;
  /**
   * Appends one token to each of several sequences in one pass over the weights, and gives for each what `append` would; each
   * array lasts until its sequence's next call. Only in engines that can do so.
   */
  appendTogether?(tokens: readonly NextToken[]): Promise<PromiseSettledResult<Float32Array>[]>;
  /** Engine memory in use, in bytes: weights, prefixes, sequences, work space. */
  memoryBytes(): number;
  /** Frees everything. */
  close(): void;
}
