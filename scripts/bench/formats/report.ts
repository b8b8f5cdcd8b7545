import type { EngineName } from "../kernel/open-engine.ts";
import type { Quality } from "./quality.ts";

export interface FormatResult {
  readonly engine: EngineName;
  readonly format: string;
  /** Of the file that the engine reads. */
  readonly weightBytes: number;
  readonly wasmBytes: number;
  /** Tokens per second of CPU time. */
  readonly prefill: number;
  readonly decode: number;
  readonly quality: Quality;
}

/** One line for machines; the first row is what the others are compared with. */
export function toJson(results: readonly FormatResult[]): string {
  return JSON.stringify({
    rows: results.map(({ engine, format, weightBytes, wasmBytes, prefill, decode, quality }) => ({
      engine,
      format,
      weight_bytes: weightBytes,
      wasm_bytes: wasmBytes,
      prefill_tokens_per_second: Math.round(prefill),
      decode_tokens_per_second: Math.round(decode),
      nats_per_token: quality.nats,
      nats_increase: increase(quality, results[0]?.quality ?? quality),
      tuned_accuracy: quality.accuracy,
    })),
  });
}

/** How much worse than the oracle over all texts, as a share of its nats per token. */
function increase({ nats }: Quality, oracle: Quality): number {
  const sum = (of: Quality["nats"]) => of.english + of.chinese + of.chat;
  return Number((sum(nats) / sum(oracle.nats) - 1).toFixed(5));
}

export function toTable(results: readonly FormatResult[]): string {
  const oracle = results[0]?.quality;
  const rows = results.map(({ engine, format, weightBytes, wasmBytes, prefill, decode, quality }) =>
    [
      `${engine}, ${format}`.padEnd(24),
      (weightBytes / 2 ** 20).toFixed(1).padStart(8),
      (wasmBytes / 2 ** 20).toFixed(1).padStart(8),
      prefill.toFixed(0).padStart(8),
      decode.toFixed(0).padStart(8),
      ...[quality.nats.english, quality.nats.chinese, quality.nats.chat].map((x) => x.toFixed(4).padStart(8)),
      `${(increase(quality, oracle ?? quality) * 100).toFixed(2)} %`.padStart(8),
      `${(quality.accuracy * 100).toFixed(1)} %`.padStart(8),
    ].join(" "),
  );
  const heads = ["MiB", "wasm MiB", "prefill", "decode", "English", "Chinese", "chat", "nats", "emails"];
  return [" ".repeat(24) + heads.map((head) => head.padStart(9)).join(""), ...rows].join("\n");
}
