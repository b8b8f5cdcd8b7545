import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadKernelEngine } from "../../functions/kernel/engine.ts";
import { equalAnswers, measureQuality } from "../../scripts/bench/kernel/quality.ts";
import { bundleFiles, modelKey, modelManifestSchema } from "../../shared/contracts/model.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { createMemoryStore } from "../support/memory-store.ts";
import { baseModelFolder } from "../support/model-cache.ts";
import { kernelModule } from "./support.ts";

const read = (file: string) => readFile(join(baseModelFolder, file));

it("the default model answers as in float32: nats within 1.5 %, nine greedy answers of ten equal", async () => {
  const folder = await mkdtemp(join(tmpdir(), "foreword-kernel-"));
  const manifest = modelManifestSchema.parse(JSON.parse(await read(bundleFiles.manifest).then(String)));
  const store = createMemoryStore();
  await store.put(modelKey(manifest.name, bundleFiles.kernelWeights), await read(bundleFiles.kernelWeights));
  const kernel = await loadKernelEngine(kernelModule, store, manifest);
  await importModel(manifest.name, join(folder, "float32"), { format: "float32" });
  const oracle = await loadNodeEngine(
    join(folder, "float32", bundleFiles.decodeGraph),
    manifest.architecture,
  );
  const [tokenizerJson, config] = [
    await read(bundleFiles.tokenizer),
    await read(bundleFiles.tokenizerConfig),
  ];
  const tokenizer = createTokenizer(String(tokenizerJson), String(config), manifest.specialTokens);
  const [ours, theirs] = [await measureQuality(kernel, tokenizer), await measureQuality(oracle, tokenizer)];
  await rm(folder, { recursive: true });

  expect(tokenizer.decode(ours.answers[0] ?? [])).toBe("The capital of France is Paris.");
  expect(equalAnswers(ours, theirs)).toBeGreaterThanOrEqual(9);
  expect(Math.abs(ours.natsPerToken / theirs.natsPerToken - 1)).toBeLessThan(0.015);
    equalAnswers(ours, theirs),
    ours.natsPerToken,
    theirs.natsPerToken,
    kernel.memoryBytes() / 2 ** 20,
  );
});
