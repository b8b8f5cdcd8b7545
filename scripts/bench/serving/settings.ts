/** How much the benchmark does; every stage has its bound. */
export interface ServingSettings {
  /** Soft prompts of 20 virtual tokens to register. */
  readonly prompts: number;
  /** How many of them take part in the long run. */
  readonly promptsInUse: number;
  /** Soft prompts of 100 virtual tokens: the first is the warm one, the others are first uses. */
  readonly longPrompts: number;
  /** Repeats of the measurements of speed and overhead. */
  readonly repeats: number;
  /** Repeats of time to first token: more, since small differences count. */
  readonly latencyRepeats: number;
  /** Requests of the long run, and the time after which it ends early. */
  readonly requests: number;
  readonly requestsTimeoutMs: number;
  readonly callers: number;
  readonly concurrencyMs: number;
}

export const FULL: ServingSettings = {
  prompts: 1000,
  promptsInUse: 50,
  longPrompts: 12,
  repeats: 15,
  latencyRepeats: 40,
  requests: 10_000,
  requestsTimeoutMs: 20 * 60_000,
  callers: 32,
  concurrencyMs: 30_000,
};

/** A look in a minute or two: the same stages, fewer repeats. */
export const QUICK: ServingSettings = {
  ...FULL,
  prompts: 200,
  longPrompts: 5,
  repeats: 5,
  latencyRepeats: 8,
  requests: 300,
  requestsTimeoutMs: 2 * 60_000,
  concurrencyMs: 10_000,
};

/** Tokens of the input and of the answer that speed is measured with. */
export const SPEED = { inputTokens: 64, answerTokens: 64 } as const;
