import type { NextToken } from "../ports/inference-engine.ts";
import type { DecodeStep, KvCache } from "./decode-session.ts";
import { EngineUsageError } from "./errors.ts";
import type { EngineContext } from "./run-chunks.ts";

interface WaitingStep {
  readonly step: DecodeStep;
  readonly settle: (result: PromiseSettledResult<KvCache>) => void;
}

/** `InferenceEngine.appendTogether` of a session that can run steps together. */
export async function appendTogether(
  { session, appends }: EngineContext,
  tokens: readonly NextToken[],
): Promise<PromiseSettledResult<Float32Array>[]> {
  const waiting: WaitingStep[] = [];
  const join = (step: DecodeStep) =>
    new Promise<KvCache>((resolve, reject) => {
      const settle = (result: PromiseSettledResult<KvCache>) =>
        result.status === "fulfilled" ? resolve(result.value) : reject(result.reason as Error);
      waiting.push({ step, settle });
    });
  const appended = Promise.allSettled(
    tokens.map(({ sequence, id }) => {
      const append = appends.get(sequence);
      if (!append) throw new EngineUsageError("This sequence belongs to another engine");
      return append(join, [id]);
    }),
  );
  // Those that are refused before their step never join.
  const results = (await session.runTogether?.(waiting.map(({ step }) => step))) ?? [];
  results.forEach((result, i) => waiting[i]?.settle(result));
  return appended;
}
