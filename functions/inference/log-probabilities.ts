import { InternalError } from "../../shared/errors.ts";

export interface TokenLogprob {
  readonly id: number;
  /** Natural logarithm of the token's probability under the model, before penalties and temperature. */
  readonly logprob: number;
}

/**
 * log(sum(exp(logits))) in float64, shifted by the maximum so that nothing overflows. `-Infinity` stands for a token that
 * cannot be. Throws InternalError (code `invalid_logits`) when the logits hold NaN or no finite maximum: a broken model
 * must not look like an odd answer.
 */
export function logSumExp(logits: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (logit > max) max = logit;
  }
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] as number) - max);
  const result = max + Math.log(sum);
  if (!Number.isFinite(result)) {
    throw new InternalError(`The model gave logits whose sum is ${result}, wanted a finite one`, {
      code: "invalid_logits",
    });
  }
  return result;
}

/** Log-probability of one token. */
export function logprobOf(logits: Float32Array, id: number, total = logSumExp(logits)): number {
  return (logits[id] as number) - total;
}

/** The `count` likeliest tokens, best first; equals are in order of their ids. O(vocabulary x count) at worst. */
export function topLogprobs(logits: Float32Array, count: number, total = logSumExp(logits)): TokenLogprob[] {
  const best: number[] = [];
  if (count === 0) return [];
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (best.length === count && !(logit > (logits[best[count - 1] as number] as number))) continue;
    let place = best.length;
    while (place > 0 && logit > (logits[best[place - 1] as number] as number)) place--;
    best.splice(place, 0, id);
    if (best.length > count) best.pop();
  }
  return best.map((id) => ({ id, logprob: (logits[id] as number) - total }));
}
