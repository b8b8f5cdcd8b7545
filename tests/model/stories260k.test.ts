import { readFile } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleFiles, type ModelManifest } from "../../shared/contracts/model.ts";
import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { renderPrompt } from "../../shared/text/render.ts";
import { createTokenizer, type TextTokenizer } from "../../shared/text/tokenizer.ts";
import { loadNodeEngine } from "../../trainer/adapters/onnxruntime-node-engine.ts";
import { importLlama2c } from "../../trainer/model/import-llama2c.ts";
import { importModel } from "../../trainer/model/import-model.ts";
import { dequantise } from "../../trainer/model/quantisation.ts";
import { sharedMaterial } from "../support/shared-material.ts";
import { embeddingRows, referenceLogits } from "./reference-llama.ts";

const checkpoint = sharedMaterial("models", "stories260K");
const PROMPT = "Once upon a time";
/** The sample in llama2.c's doc/stories260K.md: run.c, temperature 0. */
const STORY = `, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she said, "I`;

describe.skipIf(checkpoint.missing)(`stories260K${checkpoint.reason}`, () => {
  let folder: string;
  let manifest: ModelManifest;
  let engine: InferenceEngine;
  let tokenizer: TextTokenizer;
  beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), "foreword-test-")), "stories260k");
    manifest = await importModel(checkpoint.path, folder, { format: "float32" });
    engine = await loadNodeEngine(join(folder, bundleFiles.decodeGraph), manifest.architecture, {
      threads: 1,
    });
    const read = (file: string) => readFile(join(folder, file), "utf8");
    const [json, config] = [await read(bundleFiles.tokenizer), await read(bundleFiles.tokenizerConfig)];
    tokenizer = createTokenizer(json, config, manifest.specialTokens);
  });
  afterAll(async () => {
    engine.close();
    await rm(folder, { recursive: true });
  });

  it("tells its known story", async () => {
    const sequence = engine.start();
    const story: number[] = [];
    let logits = await sequence.append(renderPrompt(PROMPT, tokenizer));
    while (story.length < 200) {
      story.push(largest(logits));
      logits = await sequence.append(story.slice(-1));
    }
    expect(tokenizer.decode(story)).toBe(STORY);
  });

  it("gives the logits of a plain float64 forward pass", async () => {
    const { architecture, weights } = importLlama2c(await readFile(join(checkpoint.path, "stories260K.bin")));
    const floats = new Map([...weights].map(([name, weight]) => [name, dequantise(weight)]));
    const ids = renderPrompt(`${PROMPT}, there was a little girl named Lily.`, tokenizer);
    const wanted = referenceLogits(architecture, floats, embeddingRows(architecture, floats, ids)).flatMap(
      (row) => [...row],
    );
    const found = await engine.start().append(ids, [...ids.keys()]);
    expect(found.length).toBe(wanted.length);
    expect(Math.max(...wanted.map((value, i) => Math.abs(value - (found[i] ?? NaN))))).toBeLessThan(1e-3);
  });

  it("tokenises as SentencePiece does, bytes where no piece fits", () => {
    expect(tokenizer.encode(PROMPT)).toEqual([403, 407, 261, 378]);
    for (const text of ["One day, she saw a big, red ball.", "naïve 漢字 🙂", "a\nb  c"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
});

const largest = (logits: Float32Array) => logits.indexOf(logits.reduce((max, value) => Math.max(max, value)));
