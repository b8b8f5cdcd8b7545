import type { QualityComparison } from "./compare-quality.ts";
import type { M135Result } from "./m135.ts";
import type { Rate } from "./measure.ts";

export interface KernelResult {
  readonly kernel: Rate;
  /** onnxruntime-web, in workerd too. */
  readonly onnxruntime: Rate;
  /** llama.cpp in wasm, in Node. */
  readonly llamaCpp: Rate;
  /** The kernel with eight callers at once, all together. */
  readonly eightCallers: Rate;
  /** The kernel's speed as a multiple of others', and eight callers' of one's: the medians of what single rounds found. */
  readonly ratios: { readonly onnxruntime: Rate; readonly llamaCpp: Rate; readonly oneCaller: Rate };
  /** int8 weights per second that the kernel's product of one row takes in, with nothing else to do. */
  readonly streamedPerSecond: number;
  readonly quality: QualityComparison;
  readonly m135: M135Result;
  readonly wasmBytes: number;
  readonly onnxruntimeBytes: number;
}

/** Weights that one token of the default model meets. */
const WEIGHTS_PER_TOKEN = 25.8e6;

const rounded = (ratio: number) => Number(ratio.toFixed(2));

/** One line for machines; sizes in bytes, speeds in tokens per second of CPU time. */
export function toJson(result: KernelResult): string {
  const { kernel, ratios, quality } = result;
  const roundedRates = ({ decode, prefill }: Rate) => ({
    decode: rounded(decode),
    prefill: rounded(prefill),
  });
  return JSON.stringify({
    decode_tokens_per_second: Math.round(kernel.decode),
    prefill_tokens_per_second: Math.round(kernel.prefill),
    wasm_bytes: result.wasmBytes,
    nats_increase: Number(quality.natsIncrease.toFixed(5)),
    greedy_equal: quality.equalAnswers,
    llamacpp_wasm_ratio: roundedRates(ratios.llamaCpp),
    onnxruntime_web_ratio: roundedRates(ratios.onnxruntime),
    batch8_ratio: rounded(ratios.oneCaller.decode),
    m135: {
      decode_tokens_per_second: Math.round(result.m135.decode),
      peak_bytes: result.m135.peakBytes,
    },
    gops: gops(kernel.decode * WEIGHTS_PER_TOKEN),
    gops_bound: gops(result.streamedPerSecond),
  });
}

/** A multiplication and an addition for each weight. */
function gops(weightsPerSecond: number): number {
  return Number(((2 * weightsPerSecond) / 1e9).toFixed(1));
}

export function toTable(result: KernelResult): string {
  const { kernel, onnxruntime, llamaCpp, eightCallers, ratios, quality } = result;
  const row = (name: string, { prefill, decode }: Rate, ratio?: Rate, memory?: number) =>
    [
      name.padEnd(30),
      prefill.toFixed(0).padStart(8),
      decode.toFixed(0).padStart(8),
      (ratio?.prefill.toFixed(2) ?? "").padStart(8),
      (ratio?.decode.toFixed(2) ?? "").padStart(8),
      memory === undefined ? "" : (memory / 2 ** 20).toFixed(1).padStart(8),
    ].join(" ");
  const { natsIncrease, equalAnswers, questions } = quality;
  return [
    "tokens per CPU second           prefill   decode  kernel: x      x  wasm MiB",
    row("kernel, workerd", kernel, undefined, result.wasmBytes),
    row("onnxruntime-web, workerd", onnxruntime, ratios.onnxruntime, result.onnxruntimeBytes),
    row("llama.cpp in wasm, Node", llamaCpp, ratios.llamaCpp),
    row("kernel, 8 callers, in all", eightCallers),
    `eight callers decode ${ratios.oneCaller.decode.toFixed(2)} times as fast as one`,
    `weights alone: ${gops(result.streamedPerSecond)} GOP/s; decoding: ${gops(kernel.decode * WEIGHTS_PER_TOKEN)} GOP/s`,
    `SmolLM2-135M's shape in 4 bits: ${result.m135.decode.toFixed(0)} tokens/s, at most ${(result.m135.peakBytes / 1e6).toFixed(1)} MB of wasm memory and JS heap`,
    `against float32: ${(natsIncrease * 100).toFixed(3)} % nats per token, ${equalAnswers} of ${questions} greedy answers equal`,
  ].join("\n");
}
