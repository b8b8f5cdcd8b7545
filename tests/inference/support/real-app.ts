import { importRealModel, type RealModel } from "./real-model.ts";
import { createTestApp, type TestApp } from "./test-app.ts";

/** A question that the model is known to answer. */
export const france = [
  { role: "system" as const, content: "You are a helpful assistant" },
  { role: "user" as const, content: "What is the capital of France?" },
];

export interface RealApp {
  readonly real: RealModel;
  readonly target: TestApp;
  readonly openai: TestApp["openai"];
}

/** The inference routes over the default base model, imported once for a test file. */
export async function openRealApp(): Promise<RealApp> {
  const real = await importRealModel();
  const target = createTestApp({ models: (bucket) => real.catalog(bucket) });
  await real.fill(target.deps.bucket);
  return { real, target, openai: target.openai };
}
