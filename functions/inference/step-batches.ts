import { UnavailableError } from "../../shared/errors.ts";
import type { InferenceEngine, NextToken, Sequence } from "../../shared/ports/inference-engine.ts";
import { pause } from "./pause.ts";
import type { TurnLock } from "./turn-lock.ts";

/** Decoding steps of concurrent requests, computed together where the engine can: the weights are read once for all. */
export interface StepBatches {
  /** Appends a token and gives what `read` makes of the logits, and whether other requests were computed beside it. */
  append<T>(
    engine: InferenceEngine,
    next: NextToken,
    read: (logits: Float32Array) => T,
  ): Promise<{ readonly result: T; readonly isShared: boolean }>;
}

interface Step extends NextToken {
  /** Once the step is computed: gives its logits, or throws why there are none. */
  outcome?: () => { readonly logits: Float32Array; readonly isShared: boolean };
}

/** What the requests of one engine are about. */
interface Batch {
  readonly waiting: Set<Step>;
  /** Sequences of the last batch that have not come back for their next step. */
  returning: Set<Sequence>;
}

/**
 * A request lays its step down and waits for a turn. Whoever gets one first computes all steps that lie there; the others find
 * theirs done when they look again, as requests wait for one another by looking (see `pause`). So there is no leader to
 * lose: a request that ends leaves nothing but a step that is computed once for nobody.
 */
export function createStepBatches(lock: TurnLock): StepBatches {
  const batches = new WeakMap<InferenceEngine, Batch>();
  const batchOf = (engine: InferenceEngine): Batch => {
    const batch = batches.get(engine) ?? { waiting: new Set(), returning: new Set() };
    batches.set(engine, batch);
    return batch;
  };

  return {
    async append(engine, next, read) {
      if (!engine.appendTogether) {
        const result = await lock.run(async () => read(await next.sequence.append([next.id])));
        return { result, isShared: false };
      }
      const batch = batchOf(engine);
      const mine: Step = { ...next };
      batch.waiting.add(mine);
      batch.returning.delete(next.sequence);
      try {
        // Those of the last batch come back in the event loop's next turn. The last of them need not wait for any.
        if (batch.returning.size > 0) await pause();
        await lock.runUnless(
          () => mine.outcome !== undefined,
          () => compute(engine, batch, mine),
        );
      } finally {
        batch.waiting.delete(mine);
      }
      const { logits, isShared } = mine.outcome?.() ?? lost();
      return { result: read(logits), isShared };
    },
  };
}

/** Computes every step that waits, `mine` among them. */
async function compute(engine: InferenceEngine, batch: Batch, mine: Step): Promise<void> {
  if (!batch.waiting.has(mine)) lost();
  const steps = [...batch.waiting];
  batch.waiting.clear();
  batch.returning = new Set(steps.map(({ sequence }) => sequence));
  const outcomes = (await engine.appendTogether?.(steps)) ?? [];
  outcomes.forEach((outcome, i) => {
    const step = steps[i] as Step;
    step.outcome = () => {
      if (outcome.status === "rejected") throw outcome.reason;
      return { logits: outcome.value, isShared: steps.length > 1 };
    };
  });
}

function lost(): never {
  const message = "The request that computed this step was ended in the middle of it; try again";
  throw new UnavailableError(message, { code: "step_lost" });
}
