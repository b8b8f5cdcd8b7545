import { InternalError } from "../../shared/errors.ts";
import { packedFile } from "../../shared/formats/packed-weights.ts";
import { loadEngine } from "../inference/engine.ts";
import type { EngineFactory } from "../inference/model-catalog.ts";
import { loadKernelEngine } from "./engine.ts";
import { kernelModule } from "./kernel-module.ts";

/** The Worker's configuration names an engine that there is not. */
export class UnknownEngineError extends InternalError {
  constructor(found: string) {
    super(`The variable ENGINE is "${found}", wanted "kernel" or "onnxruntime"`, { code: "unknown_engine" });
  }
}

/** What runs base models where the Worker's variable ENGINE says nothing. */
const DEFAULT_ENGINE = "kernel";

/**
 * The engines by the value of the Worker's variable ENGINE. `kernel` leaves bundles without packed weights, whose
 * matrices are float32, to onnxruntime. Throws UnknownEngineError.
 */
export function chooseEngine(choice: string = DEFAULT_ENGINE): EngineFactory {
  if (choice === "onnxruntime") return (manifest, store) => loadEngine(store, manifest);
  if (choice !== "kernel") throw new UnknownEngineError(choice);
  return (manifest, store) =>
    packedFile(manifest) ? loadKernelEngine(kernelModule, store, manifest) : loadEngine(store, manifest);
}
