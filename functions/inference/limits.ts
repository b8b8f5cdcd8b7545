/** Bounds of what one isolate takes on; Cloudflare gives it 128 MB and one thread. */
export const inferenceLimits = {
  /** Keys and values of soft prompts kept ready: about 35 prompts of 100 virtual tokens on MiniMind2-Small, in the kernel. */
  prefixCacheBytes: 16 * 1024 * 1024,
  /** Requests in progress. */
  activeRequests: 8,
  /** Keys and values that their sequences may grow to, all together: 4,096 tokens on MiniMind2-Small. */
  sequenceBytes: 32 * 1024 * 1024,
  /** Requests that may wait for a place before others are turned away. */
  waitingRequests: 120,
  waitingMilliseconds: 60_000,
  /** What was generated until then is the answer, with finish reason "length". */
  deadlineMilliseconds: 120_000,
  /** Tokens run in one go while reading a prompt: others get their turn in between. No more than the engine's own piece. */
  prefillChunk: 64,
  /** How long a manifest is believed before the bucket is asked again. */
  manifestMilliseconds: 30_000,
  /** What OpenAI's completions endpoint generates unless told. */
  completionTokens: 16,
} as const;
