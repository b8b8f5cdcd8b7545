import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { buildLabelTrie } from "../../../functions/inference/label-trie.ts";
import { scoreLabels } from "../../../functions/inference/label-scoring.ts";
import { parseSafetensors } from "../../../shared/formats/safetensors.ts";
import type { InferenceEngine } from "../../../shared/ports/inference-engine.ts";
import { renderConversation, renderPrompt } from "../../../shared/text/render.ts";
import type { TextTokenizer } from "../../../shared/text/tokenizer.ts";
import { root } from "../../dev/paths.ts";
import { greedy, negativeLogLikelihood } from "../kernel/quality.ts";
import { passages, questions } from "../kernel/texts.ts";

export interface Quality {
  /** Nats per token of running text, and of float32's own answers behind their questions. */
  readonly nats: Readonly<Record<"english" | "chinese" | "chat", number>>;
  /** Share of held-out emails that the tuned prompt of the fixtures labels right. */
  readonly accuracy: number;
}

/** Conversations to be predicted: questions, each with the engine's own greedy answer, as token ids. */
export async function chatTexts(engine: InferenceEngine, tokenizer: TextTokenizer): Promise<number[][]> {
  const texts: number[][] = [];
  for (const content of questions) {
    const prompt = renderConversation([{ role: "user", content }], tokenizer);
    texts.push([...prompt, ...(await greedy(engine, prompt, tokenizer.specialTokens.end))]);
  }
  return texts;
}

export async function measureQuality(
  engine: InferenceEngine,
  tokenizer: TextTokenizer,
  chat: readonly (readonly number[])[],
): Promise<Quality> {
  const isChinese = (text: string) => /\p{Script=Han}/u.test(text);
  const ids = (texts: readonly string[]) => texts.map((text) => renderPrompt(text, tokenizer));
  return {
    nats: {
      english: await natsPerToken(engine, ids(passages.filter((text) => !isChinese(text)))),
      chinese: await natsPerToken(engine, ids(passages.filter(isChinese))),
      chat: await natsPerToken(engine, chat),
    },
    accuracy: await tunedAccuracy(engine, tokenizer),
  };
}

async function natsPerToken(engine: InferenceEngine, texts: readonly (readonly number[])[]): Promise<number> {
  let [nats, tokens] = [0, 0];
  for (const ids of texts) {
    nats += await negativeLogLikelihood(engine, ids);
    tokens += ids.length - 1;
  }
  return nats / tokens;
}

const LABELS = [" ham", " spam"];
const rowSchema = z.object({ prompt: z.string(), completion: z.enum(LABELS) });

/** The bundled held-out emails behind the soft prompt that was tuned on the others, by label scoring as the edge does it. */
async function tunedAccuracy(engine: InferenceEngine, tokenizer: TextTokenizer): Promise<number> {
  const file = await readFile(join(root, "tests/fixtures/spam-prompt/prefix.safetensors"));
  const kv = parseSafetensors(file).tensors.get("kv");
  if (!kv) throw new Error("The fixture's prefix has no keys and values");
  const data = new Float32Array(new Uint8Array(kv.bytes).buffer);
  const prefix = await engine.loadPrefix({ tokens: kv.shape[3] as number, data });
  const trie = buildLabelTrie(LABELS.map((label) => tokenizer.encode(label)));
  const [end = 0] = tokenizer.specialTokens.end;
  const turns = { take: <T>(step: () => Promise<T>) => step() };
  const rows = (await readFile(join(root, "scripts/example/test.jsonl"), "utf8")).trimEnd().split("\n");
  let right = 0;
  for (const line of rows) {
    const { prompt, completion } = rowSchema.parse(JSON.parse(line));
    const sequence = engine.start(prefix);
    const logits = (await sequence.append(renderPrompt(prompt, tokenizer))).slice();
    const sequences = { fork: () => sequence.fork(), free: () => undefined };
    const scores = await scoreLabels(turns, sequences, sequence, logits, trie, LABELS.length, end);
    const best = scores.reduce((top, { logprob }, i) => (logprob > (scores[top]?.logprob ?? 0) ? i : top), 0);
    if (LABELS[best] === completion) right++;
    sequence.close();
  }
  prefix.release();
  return right / rows.length;
}
