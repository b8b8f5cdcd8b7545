import type { Deps } from "../deps.ts";
import { createPromptRecords } from "../records/prompts.ts";
import { createAdmission, type Admission } from "./admission.ts";
import { inferenceLimits } from "./limits.ts";
import { loadPrefix } from "./load-prefix.ts";
import { createModelResolver, type ModelResolver, type ResolvedModel } from "./model-resolver.ts";
import { createPrefixCache, type PrefixCache } from "./prefix-cache.ts";
import { openSession, type Lifetime, type Session } from "./session.ts";
import { createTurnLock } from "./turn-lock.ts";

/** Everything that generation and classification share in one isolate. */
export interface Inference {
  readonly resolver: ModelResolver;
  readonly prefixes: PrefixCache;
  readonly admission: Admission;
  open(model: ResolvedModel, lifetime: Lifetime): Promise<Session>;
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
  const admission = createAdmission(
    {
      active: inferenceLimits.activeRequests,
      waiting: inferenceLimits.waitingRequests,
      patience: inferenceLimits.waitingMilliseconds,
      silence: SILENCE_MS,
    },
    now,
  );
  return {
    resolver: createModelResolver(models, createPromptRecords(deps.database)),
    prefixes,
    admission,
    open(resolved, lifetime) {
      const { prompt, manifest } = resolved;
      return openSession(
        {
          admission,
          lock,
          now,
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
