import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { json, text } from "node:stream/consumers";
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
export async function complete(worker: LocalWorker, completion: CompletionRequest): Promise<Timed> {
  const began = performance.now();
  const response = await post(worker, completion);
  const answer = answerSchema.parse(await json(response));
  const wallMs = performance.now() - began;
  const timings = readTimings(String(response.headers["server-timing"]));
  return { wallMs, answerTokens: answer.usage.completion_tokens, timings };
}

/** Milliseconds until the first token of a streamed answer is here. Throws InternalError when the status is not 200. */
export async function timeToFirstToken(
  worker: LocalWorker,
  completion: Omit<CompletionRequest, "max_tokens">,
): Promise<number> {
  const began = performance.now();
  // Two tokens: the first one must come before there is an end.
  const response = await post(worker, { ...completion, max_tokens: 2, stream: true });
  let received = "";
  let firstMs = Number.NaN;
  for await (const chunk of response.setEncoding("utf8") as AsyncIterable<string>) {
    received += chunk;
    if (Number.isNaN(firstMs) && received.includes("data:")) firstMs = performance.now() - began;
  }
  if (received.includes("[DONE]")) return firstMs;
  throw new InternalError(`A streamed answer broke off after ${received.length} characters`);
}

/** By node:http: fetch spends up to 2 ms on a request itself, which would count as the Worker's. */
async function post({ url, apiKey }: LocalWorker, body: object): Promise<IncomingMessage> {
  const sending = request(new URL("/v1/completions", url), {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  sending.end(JSON.stringify({ temperature: 0, ...body }));
  const [response] = (await once(sending, "response")) as [IncomingMessage];
  if (response.statusCode === 200) return response;
  throw new InternalError(`The Worker answered ${response.statusCode}: ${await text(response)}`);
}

function readTimings(header: string): Timed["timings"] {
  const part = (name: string) =>
    Number(new RegExp(`\\b${name};dur=([\\d.]+)`).exec(header)?.[1] ?? Number.NaN);
  return { queue: part("queue"), prefix: part("prefix"), prefill: part("prefill"), decode: part("decode") };
}
