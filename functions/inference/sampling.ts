import { InternalError } from "../../shared/errors.ts";
import type { Random } from "../../shared/random.ts";
import { nucleus } from "./nucleus.ts";

/** A seed for callers who gave none. */
export function randomSeed(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] as number;
}

export interface SamplingSettings {
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** Keep the smallest set of likeliest tokens whose probabilities sum to this; 1 keeps all. */
  readonly topP: number;
  /** Keep this many of the likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep tokens at least this share as likely as the likeliest; 0 keeps all. */
  readonly minP: number;
  /** Subtracted from a token's logit for each time it was generated. */
  readonly frequencyPenalty: number;
  /** Subtracted once from the logit of a token that was generated. */
  readonly presencePenalty: number;
  /** Divides positive logits (multiplies negative ones) of tokens in the prompt or the answer; 1 is off. */
  readonly repetitionPenalty: number;
  /** Added to the logits of these tokens. */
  readonly logitBias: ReadonlyMap<number, number>;
}

export const defaultSampling: SamplingSettings = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  frequencyPenalty: 0,
  presencePenalty: 0,
  repetitionPenalty: 1,
  logitBias: new Map(),
};

/** Which tokens may come next; others get probability 0. */
export interface TokenFilter {
  /** Sets the logits of tokens that must not come next to -Infinity. */
  mask(logits: Float32Array): void;
}

export interface Sampler {
  /** Picks the next token and remembers it. The logits are left as they are. */
  next(logits: Float32Array, filter?: TokenFilter): number;
}

/**
 * Picks tokens one after another. The order of effects is bias, penalties, filter, temperature, then top-k, top-p and
 * min-p, each over what the one before left (as in Hugging Face transformers). Frequency and presence penalties count what was generated, as in OpenAI's API; the repetition penalty counts
 * the prompt too (Keskar et al., "CTRL", 2019).
 *
 * @param promptIds tokens that the repetition penalty knows from the start
 */
export function createSampler(
  settings: SamplingSettings,
  random: Random,
  promptIds: readonly number[] = [],
): Sampler {
  const isAdjusted =
    settings.logitBias.size > 0 ||
    settings.repetitionPenalty !== 1 ||
    settings.frequencyPenalty !== 0 ||
    settings.presencePenalty !== 0;
  const counts = new Map<number, number>();
  const seen = new Set(settings.repetitionPenalty === 1 ? [] : promptIds);
  let scratch = new Float32Array(0);
  return {
    next(logits, filter) {
      if (settings.temperature === 0 && !isAdjusted && !filter) return argmax(logits);
      if (scratch.length !== logits.length) scratch = new Float32Array(logits.length);
      scratch.set(logits);
      adjust(scratch, settings, counts, seen);
      filter?.mask(scratch);
      const id = settings.temperature === 0 ? argmax(scratch) : draw(scratch, settings, random);
      counts.set(id, (counts.get(id) ?? 0) + 1);
      seen.add(id);
      return id;
    },
  };
}

/** The likeliest token; of equals the one with the lowest id. Throws InternalError where no token is possible. */
export function argmax(logits: Float32Array): number {
  let best = -1;
  let max = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    // Four that change nothing are passed over at once, in half the time.
    while (id + 4 < logits.length && noneOfFourExceeds(logits, id, max)) id += 4;
    const logit = logits[id] as number;
    // Written so that NaN, which no comparison accepts, is seen.
    if (logit <= max) continue;
    if (Number.isNaN(logit))
      throw new InternalError(`The logit of token ${id} is NaN`, { code: "invalid_logits" });
    max = logit;
    best = id;
  }
  if (best < 0 || max === Number.POSITIVE_INFINITY) {
    throw new InternalError(`The largest of ${logits.length} logits is ${max}, wanted a finite one`, {
      code: "invalid_logits",
    });
  }
  return best;
}

/** False too where one of them is NaN. */
function noneOfFourExceeds(logits: Float32Array, at: number, max: number): boolean {
  return (
    (logits[at] as number) <= max &&
    (logits[at + 1] as number) <= max &&
    (logits[at + 2] as number) <= max &&
    (logits[at + 3] as number) <= max
  );
}

function adjust(
  logits: Float32Array,
  settings: SamplingSettings,
  counts: ReadonlyMap<number, number>,
  seen: ReadonlySet<number>,
): void {
  for (const [id, bias] of settings.logitBias)
    if (id < logits.length) logits[id] = (logits[id] as number) + bias;
  if (settings.repetitionPenalty !== 1) {
    for (const id of seen) {
      const logit = logits[id] as number;
      logits[id] = logit > 0 ? logit / settings.repetitionPenalty : logit * settings.repetitionPenalty;
    }
  }
  if (settings.frequencyPenalty !== 0 || settings.presencePenalty !== 0) {
    for (const [id, count] of counts) {
      logits[id] = (logits[id] as number) - count * settings.frequencyPenalty - settings.presencePenalty;
    }
  }
}

function draw(logits: Float32Array, settings: SamplingSettings, random: Random): number {
  const max = logits[argmax(logits)] as number;
  // A temperature next to nothing would overflow the division: shift first, so that the largest is always exp(0).
  const weights = logits;
  let total = 0;
  for (let id = 0; id < weights.length; id++) {
    const weight = Math.exp(((logits[id] as number) - max) / settings.temperature);
    weights[id] = weight;
    total += weight;
  }
  if (!Number.isFinite(total)) {
    throw new InternalError("The model gave logits that are not numbers", { code: "invalid_logits" });
  }
  if (settings.topP >= 1 && settings.minP === 0 && settings.topK <= 0) return pick(weights, total, random);
  const kept = nucleus(weights, total, settings);
  return kept.ids[pick(kept.weights, kept.total, random)] as number;
}

/** Index drawn in proportion to its weight. */
function pick(weights: Float32Array, total: number, random: Random): number {
  let left = random.next() * total;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i] as number;
    if (weight === 0) continue;
    if (left < weight) return i;
    left -= weight;
    last = i;
  }
  // Rounding can leave a crumb over: it belongs to the last one that is possible.
  return last;
}
