import { createRandom } from "../../../shared/random.ts";
import type { Output } from "../../dev/output.ts";
import { complete } from "./calls.ts";
import type { Inspector } from "./inspector.ts";
import type { LocalWorker } from "./local-worker.ts";
import type { ServingSettings } from "./settings.ts";
import { settledMemory, type IsolateMemory } from "./memory.ts";

export interface Endurance {
  readonly requests: number;
  readonly failed: number;
  /** After the soft prompts have all been used, before the long run. */
  readonly before: IsolateMemory;
  /** After half of it: a leak goes on growing in the second half, a warming cache does not. */
  readonly halfway: IsolateMemory;
  readonly after: IsolateMemory;
}

/** Callers at once: enough that sequences of several requests are open together. */
const CALLERS = 4;
const MAX_ANSWER_TOKENS = 4;
const MIN_INPUT_TOKENS = 4;

/** Sends many short requests of all lengths through the soft prompts, and compares memory before and after. */
export async function measureEndurance(
  worker: LocalWorker,
  inspector: Inspector,
  models: readonly string[],
  prompt: readonly number[],
  { requests: count, requestsTimeoutMs }: ServingSettings,
  output: Output,
): Promise<Endurance> {
  const random = createRandom(1);
  const until = performance.now() + requestsTimeoutMs;
  const progress = { sent: 0, failed: 0 };
  const one = async (model: string) => {
    const tokens = MIN_INPUT_TOKENS + random.below(prompt.length - MIN_INPUT_TOKENS);
    const max_tokens = 1 + random.below(MAX_ANSWER_TOKENS);
    progress.sent++;
    try {
      await complete(worker, { model, prompt: prompt.slice(0, tokens), max_tokens });
    } catch {
      progress.failed++;
    }
    output.progress(`Long run: ${progress.sent}/${count} requests`);
  };
  for (const model of models) await one(model);
  const before = await settledMemory(inspector);
  const runUntil = async (sent: number) => {
    const caller = async () => {
      while (progress.sent < sent && performance.now() < until)
        await one(models[random.below(models.length)] ?? "");
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
  };
  await runUntil(Math.ceil(count / 2));
  const halfway = await settledMemory(inspector);
  await runUntil(count);
  const after = await settledMemory(inspector);
  return { requests: progress.sent, failed: progress.failed, before, halfway, after };
}
