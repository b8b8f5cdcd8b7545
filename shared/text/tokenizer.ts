import { Template } from "@huggingface/jinja";
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import type { ChatMessage } from "../contracts/dataset.ts";
import type { ModelManifest } from "../contracts/model.ts";
import { InvalidDataError, InvalidRequestError } from "../errors.ts";

const tokenSchema = z.union([
  z.string(),
  z.object({ content: z.string() }).transform((token) => token.content),
]);
const tokenizerConfigSchema = z.looseObject({
  chat_template: z.string().optional(),
  bos_token: tokenSchema.nullish(),
  eos_token: tokenSchema.nullish(),
});

/** Text to token ids and back, as one base model does it. */
export interface TextTokenizer {
  /** Token ids of a text, without any token put in front or behind. */
  encode(text: string): number[];
  decode(ids: readonly number[]): string;
  /**
   * The conversation as the base model was taught to read it, up to where the assistant begins to answer
   * (`generate`) or to its end. Throws InvalidRequestError when the model has no chat template, or one that refuses it.
   */
  renderChat(messages: readonly ChatMessage[], generate: boolean): string;
  readonly specialTokens: ModelManifest["specialTokens"];
}

/**
 * Builds the tokenizer from `tokenizer.json` and `tokenizer_config.json`. Throws InvalidDataError when they are not what
 * they should be. Only vetted base models reach this: a chat template is a program.
 */
export function createTokenizer(
  tokenizerJson: string,
  tokenizerConfigJson: string,
  specialTokens: ModelManifest["specialTokens"],
): TextTokenizer {
  const config = parse(tokenizerConfigJson, "tokenizer_config.json", tokenizerConfigSchema);
  const tokenizer = new HuggingFaceTokenizer(
    parse(tokenizerJson, "tokenizer.json", z.looseObject({})),
    config,
  );
  const template = config.chat_template === undefined ? undefined : new Template(config.chat_template);
  return {
    specialTokens,
    encode: (text) => tokenizer.encode(text, { add_special_tokens: false }).ids,
    decode: (ids) => (ids.length === 0 ? "" : tokenizer.decode([...ids], { skip_special_tokens: true })),
    renderChat(messages, generate) {
      if (!template) {
        throw new InvalidRequestError("This model has no chat template; call /v1/completions", {
          code: "no_chat_template",
          param: "model",
        });
      }
      try {
        return template.render({
          messages: messages.map((message) => ({ ...message })),
          add_generation_prompt: generate,
          bos_token: config.bos_token ?? "",
          eos_token: config.eos_token ?? "",
        });
      } catch (cause) {
        // Templates raise errors of their own: most often because the roles do not take turns.
        throw new InvalidRequestError(
          `The model's chat template refuses this conversation: ${(cause as Error).message}`,
          { code: "invalid_messages", param: "messages", cause },
        );
      }
    },
  };
}

function parse<T>(json: string, name: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    throw new InvalidDataError(`"${name}" is not what it should be`, { code: "invalid_tokenizer", cause });
  }
}
