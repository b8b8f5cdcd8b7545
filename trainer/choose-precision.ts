import { checkProvider, WrongProviderError } from "./check-provider.ts";
import type { Provider } from "./choose-providers.ts";
import type { Precision } from "./onnx/session.ts";

export const precisions = ["auto", "float32", "float16"] as const;

/**
 * Checks that the providers compute what they should, and says what matrix products are trained in. `auto` takes float16 on a GPU
 * that can, and says so where it cannot; `float16` insists. On a CPU it would only be cast there and back. Throws
 * WrongProviderError.
 */
export async function choosePrecision(
  wanted: (typeof precisions)[number],
  providers: readonly Provider[],
  log: (message: string, fields?: Record<string, unknown>) => void,
): Promise<Precision> {
  // Scoring is float32 in any case.
  await checkProvider(providers);
  if (wanted === "float32" || (wanted === "auto" && providers[0] === "cpu")) return "float32";
  try {
    await checkProvider(providers, "float16");
    return "float16";
  } catch (error) {
    if (wanted === "float16" || !(error instanceof WrongProviderError)) throw error;
    log("Tuning in float32", { reason: error.message });
    return "float32";
  }
}
