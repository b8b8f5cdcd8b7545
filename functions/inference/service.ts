import type { Architecture } from "../../shared/contracts/model.ts";
import type { Deps } from "../deps.ts";
import { createPromptRecords } from "../records/prompts.ts";
import { createAdmission, type Admission } from "./admission.ts";
import { inferenceLimits } from "./limits.ts";
import { loadPrefix } from "./load-prefix.ts";
import { createModelResolver, type ModelResolver, type ResolvedModel } from "./model-resolver.ts";
import { createPaces } from "./pace.ts";
import { createPrefixCache, type PrefixCache } from "./prefix-cache.ts";
import { openSession, type Lifetime, type Session } from "./session.ts";
import { createStepBatches } from "./step-batches.ts";
import { createTurnLock } from "./turn-lock.ts";

/** Everything that generation and classification share in one isolate. */
export interface Inference {
  readonly resolver: ModelResolver;
  readonly prefixes: PrefixCache;
  readonly admission: Admission;
  /**
   * @param tokens that the request's longest sequence may grow to, soft prompt not counted
   */
  open(model: ResolvedModel, lifetime: Lifetime, tokens: number): Promise<Session>;
}

const SILENCE_MS = 60_000;
const services = new WeakMap<Deps["models"], Inference>();

/** The inference service of an app: one for each model catalog, since both hold the isolate's memory. */
export function inferenceOf(deps: Deps): Inference {
  const known = services.get(deps.models);
  if (known) return known;
  const service = createInference(deps);
  services.set(deps.models, service);
  return service;
}

function createInference(deps: Deps): Inference {
  const { now, models, bucket } = deps;
  const prefixes = createPrefixCache(inferenceLimits.prefixCacheBytes, now);
  const lock = createTurnLock(now);
  const batches = createStepBatches(lock);
  const newPace = createPaces(now);
  const admission = createAdmission(
    {
      active: inferenceLimits.activeRequests,
      bytes: inferenceLimits.sequenceBytes,
      waiting: inferenceLimits.waitingRequests,
      patience: inferenceLimits.waitingMilliseconds,
      silence: SILENCE_MS,
    },
    now,
  );
  return {
    resolver: createModelResolver(models, createPromptRecords(deps.database), now),
    prefixes,
    admission,
    open(resolved, lifetime, tokens) {
      const { prompt, manifest } = resolved;
      return openSession(
        {
          admission,
          lock,
          batches,
          pace: newPace(),
          now,
          // A sequence holds the soft prompt's keys and values too.
          bytes: (tokens + (prompt?.prompt.virtual_tokens ?? 0)) * kvBytesPerToken(manifest.architecture),
          load: () => models.load(manifest.name),
          async usePrefix(model) {
            if (!prompt) return null;
            // Keys and values are worth nothing with other weights, nor in another engine's memory.
            const id = `${model.manifest.digest}@${model.manifest.createdAt}/${prompt.id}`;
            return prefixes.use(id, () => loadPrefix(bucket, model, prompt));
          },
        },
        lifetime,
      );
    },
  };
}

/** Bytes of float32 keys and values that one token takes in a sequence. */
function kvBytesPerToken({ layers, kvHeads, headSize }: Architecture): number {
  return 2 * layers * kvHeads * headSize * Float32Array.BYTES_PER_ELEMENT;
}
