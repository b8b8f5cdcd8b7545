import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import {
  CHECKED_GRADIENT,
  CHECKED_LOSS,
  checkedArchitecture,
  checkedExample,
  checkedPrompt,
  checkedWeights,
  checkProvider,
  compareCheck,
} from "../../trainer/check-provider.ts";
import { choosePrecision } from "../../trainer/choose-precision.ts";
import { embeddingRows, referenceLogits } from "../model/reference-llama.ts";
import { relativeError } from "./finite-differences.ts";

/** Debian's chromium brings a Vulkan that needs no GPU. */
const CHROMIUM = "/usr/lib/chromium";
const hasVulkan = existsSync(join(CHROMIUM, "libvk_swiftshader.so"));
const why = hasVulkan
  ? ""
  : ` (skipped: no "libvk_swiftshader.so" in ${CHROMIUM}; Debian's package chromium has it)`;

test("the stored loss and gradient are those of the reference, by central differences in float64", async () => {
  const weights = checkedWeights();
  const [targets = []] = checkedExample.completions;
  const ids = [...checkedExample.context, ...targets];
  const prompt = Float64Array.from(checkedPrompt);
  const loss = () => {
    const { hiddenSize } = checkedArchitecture;
    const rows = [0, 1].map((i) => prompt.slice(i * hiddenSize, (i + 1) * hiddenSize));
    const logits = referenceLogits(checkedArchitecture, weights, [
      ...rows,
      ...embeddingRows(checkedArchitecture, weights, ids.slice(0, -1)),
    ]).slice(-targets.length);
    const each = targets.map((id, i) => {
      const row = logits[i] as Float64Array;
      return Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - (row[id] as number);
    });
    return each.reduce((sum, x) => sum + x, 0) / each.length;
  };
  expect(loss()).toBeCloseTo(CHECKED_LOSS, 5);
  const STEP = 1e-5;
  const gradient = [...prompt].map((x, i) => {
    const at = (value: number) => ((prompt[i] = value), loss());
    const slope = (at(x + STEP) - at(x - STEP)) / (2 * STEP);
    prompt[i] = x;
    return slope;
  });
  expect(relativeError(Float64Array.from(CHECKED_GRADIENT), gradient.values())).toBeLessThan(1e-4);
});

test("the CPU computes them, and in float16 where that is insisted on", async () => {
  const log = () => expect.unreachable();
  await expect(choosePrecision("auto", ["cpu"], log)).resolves.toBe("float32");
  await expect(choosePrecision("float16", ["cpu"], log)).resolves.toBe("float16");
});

test(
  `WebGPU computes them, on SwiftShader, without float16${why}`,
  { skip: !hasVulkan, timeout: 240_000 },
  async () => {
    const check = `const { choosePrecision } = await import("./trainer/choose-precision.ts");
    console.log(await choosePrecision("auto", ["webgpu", "cpu"], (message) => console.log(message)));`;
    // The loader looks for Vulkan when the process starts.
    const env = {
      ...process.env,
      LD_LIBRARY_PATH: CHROMIUM,
      VK_ICD_FILENAMES: join(CHROMIUM, "vk_swiftshader_icd.json"),
    };
    const { stdout } = await promisify(execFile)(process.execPath, ["-e", check], {
      env,
      cwd: join(import.meta.dirname, "..", ".."),
    });
    expect(stdout).toBe("Tuning in float32\nfloat32\n");
  },
);

test("a provider that is wrong is refused by name, with what it gave and what was wanted", () => {
  const wrong = CHECKED_GRADIENT.map((x, i) => (i === 3 ? 0 : x));
  expect(() => compareCheck("webgpu", CHECKED_LOSS + 0.1, CHECKED_GRADIENT)).toThrow(
    'Execution provider "webgpu" computes a loss of 3.197, wanted 3.097',
  );
  expect(() => compareCheck("webgpu", CHECKED_LOSS, wrong)).toThrow(
    /"webgpu" computes a gradient of 0.01764, 0.00522, -0.02644, 0, .* wanted .* -0.07277,/,
  );
  expect(() => compareCheck("webgpu", Number.NaN, CHECKED_GRADIENT)).toThrow("a loss of NaN");
  expect(() => compareCheck("cpu", CHECKED_LOSS, CHECKED_GRADIENT)).not.toThrow();
});

test("a provider that does not run is refused by name", async () => {
  await expect(checkProvider(["cuda"])).rejects.toThrow('Execution provider "cuda" does not run here');
});
