import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InternalError } from "../../../shared/errors.ts";
import { createTokenizer } from "../../../shared/text/tokenizer.ts";
import { importMiniMind } from "../../../trainer/model/minimind.ts";
import { root } from "../../dev/paths.ts";
import { complete } from "./calls.ts";
import type { LocalWorker } from "./local-worker.ts";
import { SPEED } from "./settings.ts";

const rowSchema = z.object({ prompt: z.string() });

/**
 * Real text of exactly the tokens that speed is measured with, which the base model answers at full length: nothing has to
 * forbid the end token, which would cost time of its own. Throws InternalError when the example's texts have none.
 */
export async function findSpeedPrompt(worker: LocalWorker, model: string): Promise<number[]> {
  const source = await importMiniMind();
  const tokenizer = createTokenizer(source.tokenizer, source.tokenizerConfig, source.specialTokens);
  const lines = (await readFile(join(root, "scripts/example/test.jsonl"), "utf8")).trimEnd().split("\n");
  for (const line of lines) {
    const text = tokenizer.encode(rowSchema.parse(JSON.parse(line)).prompt);
    const prompt = [source.specialTokens.beginning ?? 0, ...text].slice(0, SPEED.inputTokens);
    if (prompt.length < SPEED.inputTokens) continue;
    const { answerTokens } = await complete(worker, { model, prompt, max_tokens: SPEED.answerTokens + 1 });
    if (answerTokens > SPEED.answerTokens) return prompt;
  }
  throw new InternalError(`The model ends its answer early to each of the ${lines.length} example texts`);
}
