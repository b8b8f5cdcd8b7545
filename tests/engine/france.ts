import type { InferenceEngine } from "../../shared/ports/inference-engine.ts";
import { renderConversation } from "../../shared/text/render.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";

const MOST_TOKENS = 32;

/** The default base model's greedy answer to the question whose answer is known. */
export async function askAboutFrance(engine: InferenceEngine, tokenizer: TextTokenizer): Promise<string> {
  const messages = [
    { role: "system" as const, content: "You are a helpful assistant" },
    { role: "user" as const, content: "What is the capital of France?" },
  ];
  const sequence = engine.start();
  const answer: number[] = [];
  let logits = await sequence.append(renderConversation(messages, tokenizer));
  while (answer.length < MOST_TOKENS) {
    const next = logits.indexOf(logits.reduce((max, value) => Math.max(max, value)));
    if (tokenizer.specialTokens.end.includes(next)) break;
    answer.push(next);
    logits = await sequence.append([next]);
  }
  sequence.close();
  return tokenizer.decode(answer);
}
