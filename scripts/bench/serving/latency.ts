import { timeToFirstToken } from "./calls.ts";
import type { LocalWorker } from "./local-worker.ts";
import { median } from "./statistics.ts";

/** Medians in milliseconds of the time to the first token, as a caller sees it. */
export interface Latency {
  /** No soft prompt. */
  readonly n0: number;
  /** A soft prompt of 100 virtual tokens, in use before. */
  readonly n100: number;
  /** First use of a prompt, by its virtual tokens. */
  readonly cold20: number;
  readonly cold100: number;
}

export interface LatencyModels {
  readonly base: string;
  readonly warm: string;
  /** Never asked before: each is used once. */
  readonly cold20: readonly string[];
  readonly cold100: readonly string[];
}

/** Measures in turn, so that what else the machine does falls on all alike. */
export async function measureLatency(
  worker: LocalWorker,
  models: LatencyModels,
  prompt: readonly number[],
  repeats: number,
): Promise<Latency> {
  const ask = (model: string) => timeToFirstToken(worker, { model, prompt });
  const times = { n0: [] as number[], n100: [] as number[], cold20: [] as number[], cold100: [] as number[] };
  await ask(models.base);
  await ask(models.warm);
  for (let i = 0; i < repeats; i++) {
    const { cold20, cold100 } = { cold20: models.cold20[i], cold100: models.cold100[i] };
    // Twice each, in both orders: neither always comes after a first use.
    for (const part of ["n0", "n100", "n100", "n0"] as const)
      times[part].push(await ask(part === "n0" ? models.base : models.warm));
    if (cold20 !== undefined) times.cold20.push(await ask(cold20));
    if (cold100 !== undefined) times.cold100.push(await ask(cold100));
  }
  return {
    n0: median(times.n0),
    n100: median(times.n100),
    cold20: median(times.cold20),
    cold100: median(times.cold100),
  };
}
