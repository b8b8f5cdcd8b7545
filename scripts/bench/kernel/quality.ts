import { argmax } from "../../../functions/inference/sampling.ts";
import type { InferenceEngine } from "../../../shared/ports/inference-engine.ts";
import { renderConversation, renderPrompt } from "../../../shared/text/render.ts";
import type { TextTokenizer } from "../../../shared/text/tokenizer.ts";
import { passages, questions } from "./texts.ts";

export interface Quality {
  /** Mean negative log-likelihood of running text. */
  readonly natsPerToken: number;
  /** Greedy answers to the questions, as token ids. */
  readonly answers: readonly (readonly number[])[];
}

const ANSWER_TOKENS = 64;

/** What an engine makes of the texts; compare with the same of a float32 engine. */
export async function measureQuality(engine: InferenceEngine, tokenizer: TextTokenizer): Promise<Quality> {
  const answers: number[][] = [];
  for (const content of questions) {
    const prompt = renderConversation([{ role: "user", content }], tokenizer);
    answers.push(await greedy(engine, prompt, tokenizer.specialTokens.end));
  }
  let nats = 0;
  let tokens = 0;
  for (const passage of passages) {
    const ids = renderPrompt(passage, tokenizer);
    nats += await negativeLogLikelihood(engine, ids);
    tokens += ids.length - 1;
  }
  return { natsPerToken: nats / tokens, answers };
}

/** How many of the answers are the same to the last token. */
export function equalAnswers(some: Quality, others: Quality): number {
  return some.answers.filter((answer, i) => answer.join() === others.answers[i]?.join()).length;
}

export async function greedy(
  engine: InferenceEngine,
  prompt: readonly number[],
  end: readonly number[],
): Promise<number[]> {
  const sequence = engine.start();
  const answer: number[] = [];
  let logits = await sequence.append(prompt);
  while (answer.length < ANSWER_TOKENS) {
    const id = argmax(logits);
    answer.push(id);
    if (end.includes(id)) break;
    logits = await sequence.append([id]);
  }
  sequence.close();
  return answer;
}

/** Summed over all tokens but the first, in nats. */
export async function negativeLogLikelihood(
  engine: InferenceEngine,
  ids: readonly number[],
): Promise<number> {
  const sequence = engine.start();
  const positions = Array.from({ length: ids.length - 1 }, (_, i) => i);
  const logits = await sequence.append(ids, positions);
  const { vocabularySize } = engine.architecture;
  const total = positions.reduce((sum, i) => {
    const row = logits.subarray(i * vocabularySize, (i + 1) * vocabularySize);
    const largest = row[argmax(row)] as number;
    const normaliser = row.reduce((z, logit) => z + Math.exp(logit - largest), 0);
    return sum + largest + Math.log(normaliser) - (row[ids[i + 1] as number] as number);
  }, 0);
  sequence.close();
  return total;
}
