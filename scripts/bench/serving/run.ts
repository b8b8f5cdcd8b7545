import { InternalError } from "../../../shared/errors.ts";
import { DEFAULT_MODEL } from "../../../trainer/model/minimind.ts";
import type { Output } from "../../dev/output.ts";
import { measureConcurrency, type Concurrency } from "./concurrency.ts";
import { measureSpeed, type Contest } from "./contest.ts";
import { measureEndurance, type Endurance } from "./endurance.ts";
import { connectInspector, type Inspector } from "./inspector.ts";
import { measureLatency, type Latency } from "./latency.ts";
import { startLocalWorker, type LocalWorker } from "./local-worker.ts";
import { totalBytes, watchMemory, workerdResident, type IsolateMemory } from "./memory.ts";
import { measureOverhead, type Overhead } from "./overhead.ts";
import type { ServingSettings } from "./settings.ts";
import { registerPrompts } from "./soft-prompts.ts";
import { findSpeedPrompt } from "./speed-prompt.ts";

/** Allowed as many requests a minute as any key can be: the bench measures the Worker, not its rate limit. */
const KEY = { scopes: ["inference", "datasets"], requests_per_minute: 1_000_000 };
const SHORT_TOKENS = 20;
const LONG_TOKENS = 100;

export interface ServingResult {
  readonly settings: ServingSettings;
  readonly latency: Latency;
  readonly speed: Contest;
  readonly overhead: Overhead;
  readonly concurrency: Concurrency;
  readonly endurance: Endurance;
  /** Where both together were highest, garbage included, in bytes. */
  readonly peak: IsolateMemory;
  /** All of workerd, in bytes. */
  readonly resident: { readonly now: number; readonly peak: number };
}

/**
 * Starts workerd, measures stage by stage, and stops it. Throws when the Worker does not come up or ends by itself, and
 * InterruptedError at Ctrl-C.
 */
export async function runServing(settings: ServingSettings, output: Output): Promise<ServingResult> {
  const interrupted = interruption();
  const worker = await startLocalWorker(output, KEY);
  try {
    const inspector = await connectInspector(worker.debuggerUrl);
    try {
      return await Promise.race([measure(worker, inspector, settings, output), interrupted]);
    } finally {
      inspector.close();
    }
  } finally {
    await worker.stop();
  }
}

/** Ended by a signal. */
export class InterruptedError extends InternalError {}

/** Rejects at the first SIGINT or SIGTERM; later ones change nothing, since the parts are being ended. */
function interruption(): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => reject(new InterruptedError(`Interrupted by ${signal}`)));
  promise.catch(() => undefined);
  return promise;
}

async function measure(
  worker: LocalWorker,
  inspector: Inspector,
  settings: ServingSettings,
  output: Output,
): Promise<ServingResult> {
  const { prompts, promptsInUse, longPrompts, repeats, latencyRepeats, callers, concurrencyMs } = settings;
  const registering = watchMemory(inspector);
  const short = await registerPrompts(worker, prompts, SHORT_TOKENS, output);
  const long = await registerPrompts(worker, longPrompts, LONG_TOKENS, output);
  const peaks = [await registering.stop()];
  // The first answer loads the model, and that is part of what must fit.
  const loading = watchMemory(inspector);
  const prompt = await findSpeedPrompt(worker, DEFAULT_MODEL);
  peaks.push(await loading.stop());

  output.line("Time to the first token");
  const inUse = short.slice(0, promptsInUse);
  const [warm = "", ...cold100] = long;
  const models = { base: DEFAULT_MODEL, warm, cold20: short.slice(promptsInUse), cold100 };
  const latency = await measureLatency(worker, models, prompt, latencyRepeats);
  const speed = await measureSpeed(worker, DEFAULT_MODEL, prompt, repeats, output);
  output.line("Overhead");
  const overhead = await measureOverhead(worker, inspector, DEFAULT_MODEL, prompt, repeats);

  const running = watchMemory(inspector);
  output.line(`${callers} callers at once`);
  const concurrency = await measureConcurrency(worker, inUse, prompt, callers, concurrencyMs);
  const endurance = await measureEndurance(worker, inspector, inUse, prompt, settings, output);
  peaks.push(await running.stop());
  const peak = peaks.reduce((most, each) => (totalBytes(each) > totalBytes(most) ? each : most));
  return {
    settings,
    latency,
    speed,
    overhead,
    concurrency,
    endurance,
    peak,
    resident: workerdResident(),
  };
}
