import type { RivalName } from "./rival.ts";
import type { Speed } from "./contest.ts";
import { totalBytes, type IsolateMemory } from "./memory.ts";
import type { ServingResult } from "./run.ts";

const MEGABYTE = 1e6;

/** The line that `--json` prints. Ratios are ours over the rival's; null where the rival could not be measured. */
export function toJson({ latency, speed, overhead, concurrency, peak }: ServingResult): string {
  const { n0, n100 } = latency;
  return JSON.stringify({
    peak_bytes: totalBytes(peak),
    // The longer prompt's: its first use takes longest.
    ttft_ms: { n0: round(n0), n100: round(n100), cold_prompt: round(latency.cold100) },
    decode_tokens_per_second: round(speed.ours.decode),
    prefill_tokens_per_second: round(speed.ours.prefill),
    overhead_ratio: round(overhead.ratio, 4),
    transformersjs_ratio: ratio(speed.ours, speed.rivals["transformers.js"]),
    llamacpp_wasm_ratio: ratio(speed.ours, speed.rivals["llama.cpp in wasm"]),
    concurrency: {
      callers: concurrency.callers,
      failed: concurrency.failed,
      p50_ms: round(concurrency.p50Ms),
      p99_ms: round(concurrency.p99Ms),
    },
  });
}

/** The same for people, with what the JSON leaves out. */
export function toTable(result: ServingResult): string {
  const { settings, latency, speed, overhead, concurrency, endurance, peak, resident } = result;
  const { before, halfway, after } = endurance;
  const rows: [string, string, string][] = [
    ["time to first token, no prompt", ms(latency.n0), ""],
    [
      "  prompt of 100 tokens, warm",
      ms(latency.n100),
      `${percent(latency.n100 / latency.n0 - 1)} against none`,
    ],
    ["  first use, 20 / 100 tokens", `${ms(latency.cold20)} / ${ms(latency.cold100)}`, ""],
    ...speedRows("workerd (ours)", speed.ours, speed.ours),
    ...(Object.keys(speed.rivals) as RivalName[]).flatMap((name) =>
      speedRows(name, speed.rivals[name], speed.ours),
    ),
    ["all but the engine, 32 tokens", percent(overhead.ratio), "HTTP, routing, lookup, text, sampling"],
    ["  all but wasm", percent(overhead.allButWasm), "the engine's JavaScript too"],
    [
      "  around prefill and decode",
      percent(overhead.aroundGeneration),
      "by the Worker's own clock, sampling counted as decode",
    ],
    [
      `${concurrency.callers} callers at once`,
      `${concurrency.completed} answers, ${concurrency.failed} failed`,
      `most / fewest per caller ${concurrency.fairness.toFixed(2)}`,
    ],
    ["  p50 / p99", `${ms(concurrency.p50Ms)} / ${ms(concurrency.p99Ms)}`, ""],
    ["peak wasm + JS heap", megabytes(totalBytes(peak)), `${megabytes(peak.wasm)} + ${megabytes(peak.heap)}`],
    [
      `  ${settings.prompts} prompts, ${settings.promptsInUse} used`,
      `${megabytes(totalBytes(before))} settled`,
      `${megabytes(before.wasm)} + ${megabytes(before.heap)}`,
    ],
    [
      `  after ${endurance.requests} requests`,
      `${megabytes(totalBytes(after))} settled`,
      `${change(before, halfway)} in the first half, ${change(halfway, after)} in the second; ${endurance.failed} failed`,
    ],
    [
      "  workerd, resident",
      megabytes(resident.now),
      `at most ${megabytes(resident.peak)}; all isolates and V8`,
    ],
  ];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

type Measured = Speed | { readonly notMeasured: string };

function speedRows(name: string, speed: Measured, ours: Speed): [string, string, string][] {
  if ("notMeasured" in speed) return [[name, "not measured", speed.notMeasured]];
  const against = (part: keyof Speed) =>
    speed === ours ? "" : `ours is ${(ours[part] / speed[part]).toFixed(2)} x`;
  return [
    [`prefill, ${name}`, `${Math.round(speed.prefill)} tokens/s`, against("prefill")],
    [`decode, ${name}`, `${Math.round(speed.decode)} tokens/s`, against("decode")],
  ];
}

/** Of decoding, where an answer's time goes. */
function ratio(ours: Speed, rival: Measured): number | null {
  return "notMeasured" in rival ? null : round(ours.decode / rival.decode, 3);
}

/** With its sign. */
function change(from: IsolateMemory, to: IsolateMemory): string {
  const bytes = totalBytes(to) - totalBytes(from);
  return `${bytes < 0 ? "" : "+"}${megabytes(bytes)}`;
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const megabytes = (bytes: number) => `${(bytes / MEGABYTE).toFixed(1)} MB`;
const round = (value: number, digits = 1) => Number(value.toFixed(digits));
