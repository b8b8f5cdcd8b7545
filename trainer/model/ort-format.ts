import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession } from "onnxruntime-node";
import { InternalError } from "../../shared/errors.ts";

/** onnxruntime refused to convert a model. */
export class OrtFormatError extends InternalError {}

/**
 * Optimises an ONNX model and writes it in onnxruntime's own format, which the edge can use where it lies, without parsing
 * it into a second copy. The result belongs to this onnxruntime's version. Throws OrtFormatError.
 */
export async function convertToOrtFormat(model: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "foreword-ort-"));
  try {
    const source = join(folder, "model.onnx");
    const target = join(folder, "model.ort");
    await writeFile(source, model);
    const session = await InferenceSession.create(source, {
      executionProviders: ["cpu"],
      // Anything further would choose layouts for this machine's processor instead of wasm.
      graphOptimizationLevel: "extended",
      optimizedModelFilePath: target,
      logSeverityLevel: 3,
      extra: { session: { save_model_format: "ORT", disable_prepacking: "1" } },
    });
    await session.release();
    return await readFile(target);
  } catch (cause) {
    throw new OrtFormatError(`onnxruntime cannot convert the decode graph: ${String(cause)}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
