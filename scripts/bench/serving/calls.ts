import { z } from "zod";
import { InternalError } from "../../../shared/errors.ts";
import type { LocalWorker } from "./local-worker.ts";

export interface CompletionRequest {
  readonly model: string;
  /** Token ids, so that their number is exact. */
  readonly prompt: readonly number[];
  readonly max_tokens: number;
}

/** One whole answer, and where its time went. */
export interface Timed {
  /** From sending the request to the last byte of the answer. */
  readonly wallMs: number;
  readonly answerTokens: number;
  /** What the Worker itself says in `server-timing`, in milliseconds. */
  readonly timings: Readonly<Record<"queue" | "prefix" | "prefill" | "decode", number>>;
}

/** Nothing that the benchmark asks takes this long. */
const TIMEOUT_MS = 60_000;
const answerSchema = z.object({ usage: z.object({ completion_tokens: z.int() }) });

/** Asks for an answer in one piece, greedily. Throws InternalError when the status is not 200. */
export async function complete(worker: LocalWorker, request: CompletionRequest): Promise<Timed> {
  const began = performance.now();
  const response = await post(worker, request);
  const answer = answerSchema.parse(await response.json());
  const wallMs = performance.now() - began;
  return { wallMs, answerTokens: answer.usage.completion_tokens, timings: readTimings(response.headers) };
}

/** Milliseconds until the first token of a streamed answer is here. Throws InternalError when the status is not 200. */
export async function timeToFirstToken(
  worker: LocalWorker,
  request: Omit<CompletionRequest, "max_tokens">,
): Promise<number> {
  const began = performance.now();
  // Two tokens: the first one must come before there is an end.
  const response = await post(worker, { ...request, max_tokens: 2, stream: true });
  let text = "";
  let firstMs = Number.NaN;
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    if (Number.isNaN(firstMs) && text.includes("data:")) firstMs = performance.now() - began;
  }
  if (text.includes("[DONE]")) return firstMs;
  throw new InternalError(`A streamed answer broke off after ${text.length} characters`);
}

async function post({ url, apiKey }: LocalWorker, body: object): Promise<Response> {
  const response = await fetch(new URL("/v1/completions", url), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ temperature: 0, ...body }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.ok) return response;
  throw new InternalError(`The Worker answered ${response.status}: ${await response.text()}`);
}

function readTimings(headers: Headers): Timed["timings"] {
  const header = headers.get("server-timing") ?? "";
  const part = (name: string) =>
    Number(new RegExp(`\\b${name};dur=([\\d.]+)`).exec(header)?.[1] ?? Number.NaN);
  return { queue: part("queue"), prefix: part("prefix"), prefill: part("prefill"), decode: part("decode") };
}
