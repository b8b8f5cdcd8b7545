import { Llama2cImportError } from "./import-llama2c.ts";

const BEGINNING = 1;
const END = 2;
const BYTE_TOKEN = /^<0x[0-9A-F]{2}>$/;
/** SentencePiece's mark for a space. */
const SPACE = "\u2581";

interface Piece {
  readonly text: string;
  readonly score: number;
}

/**
 * Turns llama2.c's `tokenizer.bin` (a SentencePiece BPE with byte fallback) into Hugging Face's `tokenizer.json` and
 * `tokenizer_config.json`. llama2.c merges the neighbours whose joint piece has the best score; here every way to make a
 * piece out of two others becomes a merge, best score first. Throws Llama2cImportError.
 * Format: https://github.com/karpathy/llama2.c, tokenizer.py, `export`.
 */
export function convertLlama2cTokenizer(file: Uint8Array): { tokenizer: string; tokenizerConfig: string } {
  const pieces = readPieces(file);
  const vocabulary = new Map(pieces.map(({ text }, id) => [text, id]));
  const special = (id: number) => ({
    id,
    content: pieces[id]?.text as string,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  });
  const tokenizer = {
    version: "1.0",
    added_tokens: [0, BEGINNING, END].map(special),
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: SPACE },
        { type: "Replace", pattern: { String: " " }, content: SPACE },
      ],
    },
    pre_tokenizer: null,
    post_processor: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: SPACE }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      unk_token: pieces[0]?.text,
      fuse_unk: true,
      byte_fallback: true,
      vocab: Object.fromEntries(vocabulary),
      merges: mergesOf(pieces, vocabulary),
    },
  };
  const config = {
    tokenizer_class: "PreTrainedTokenizerFast",
    bos_token: pieces[BEGINNING]?.text,
    eos_token: pieces[END]?.text,
    unk_token: pieces[0]?.text,
    clean_up_tokenization_spaces: false,
  };
  return { tokenizer: JSON.stringify(tokenizer), tokenizerConfig: JSON.stringify(config) };
}

/** The longest piece's length as int32, then score (float32), length (int32) and UTF-8 bytes of each piece. */
function readPieces(file: Uint8Array): Piece[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const pieces: Piece[] = [];
  try {
    for (let at = 4; at < file.length;) {
      const score = view.getFloat32(at, true);
      const end = at + 8 + view.getInt32(at + 4, true);
      if (end > file.length || end < at + 8)
        throw new RangeError(`piece ${pieces.length} ends at byte ${end}`);
      const written = decoder.decode(file.subarray(at + 8, end));
      // The control pieces are written with newlines around them, for display.
      const text = pieces.length <= END ? written.trim() : written.replaceAll(" ", SPACE);
      pieces.push({ text, score });
      at = end;
    }
  } catch (cause) {
    throw new Llama2cImportError(`The tokenizer is cut short or damaged: ${String(cause)}`);
  }
  if (pieces.length <= END)
    throw new Llama2cImportError(`The tokenizer has ${pieces.length} pieces, wanted more`);
  return pieces;
}

function mergesOf(pieces: readonly Piece[], vocabulary: ReadonlyMap<string, number>): [string, string][] {
  const merges = pieces.flatMap(({ text, score }, id) => {
    if (id <= END || BYTE_TOKEN.test(text)) return [];
    const characters = Array.from(text);
    return characters.slice(1).flatMap((_, i) => {
      const left = characters.slice(0, i + 1).join("");
      const right = characters.slice(i + 1).join("");
      return vocabulary.has(left) && vocabulary.has(right)
        ? [{ pair: [left, right] as [string, string], score }]
        : [];
    });
  });
  return merges.toSorted((a, b) => b.score - a.score).map(({ pair }) => pair);
}
