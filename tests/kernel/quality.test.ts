import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { equalAnswers, measureQuality } from "../../scripts/bench/kernel/quality.ts";
import { bundleFiles } from "../../shared/contracts/model.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { loadDefaultModel } from "./default-model.ts";

it("the default model answers as in float32: nats within 1.5 %, nine greedy answers of ten equal", async () => {
  const folder = await mkdtemp(join(tmpdir(), "foreword-kernel-"));
  const { engine, tokenizer } = await loadDefaultModel();
  await importModel("minimind2-small", join(folder, "float32"), { format: "float32" });
  const oracle = await loadNodeEngine(join(folder, "float32", bundleFiles.decodeGraph), engine.architecture);
  const [ours, theirs] = [await measureQuality(engine, tokenizer), await measureQuality(oracle, tokenizer)];
  await rm(folder, { recursive: true });

  expect(tokenizer.decode(ours.answers[0] ?? [])).toBe("The capital of France is Paris.");
  expect(equalAnswers(ours, theirs)).toBeGreaterThanOrEqual(9);
  expect(Math.abs(ours.natsPerToken / theirs.natsPerToken - 1)).toBeLessThan(0.015);
}, 240_000);
