import { z } from "zod";
import { bundleFiles, modelKey, type ModelManifest } from "../../shared/contracts/model.ts";
import type { ObjectStore } from "../../shared/ports/object-store.ts";
import type { TextTokenizer } from "../../shared/text/tokenizer.ts";
import { CorruptObjectError, readVerified } from "./verified-object.ts";

/** What each token stands for. */
export interface Vocabulary {
  readonly size: number;
  /** UTF-8 bytes, perhaps only a part of a character; null for special tokens and ids without a token. */
  bytes(id: number): Uint8Array | null;
  /** A special token's name, such as `<|im_end|>`; null for others. */
  special(id: number): string | null;
}

const tokenizerSchema = z.looseObject({
  model: z.looseObject({ vocab: z.record(z.string(), z.int().nonnegative()) }),
  added_tokens: z
    .array(z.looseObject({ id: z.int().nonnegative(), content: z.string(), special: z.boolean() }))
    .default([]),
  decoder: z.unknown(),
});

const vocabularies = new WeakMap<TextTokenizer, Vocabulary>();

/** A tokenizer's vocabulary, read from the bundle at first use and kept for as long as the tokenizer. */
export async function vocabularyOf(
  tokenizer: TextTokenizer,
  manifest: ModelManifest,
  store: ObjectStore,
): Promise<Vocabulary> {
  const vocabulary = vocabularies.get(tokenizer) ?? (await readVocabulary(store, manifest));
  vocabularies.set(tokenizer, vocabulary);
  return vocabulary;
}

async function readVocabulary(store: ObjectStore, manifest: ModelManifest): Promise<Vocabulary> {
  const record = manifest.files[bundleFiles.tokenizer];
  if (!record)
    throw new CorruptObjectError(
      `The manifest of "${manifest.name}" does not list "${bundleFiles.tokenizer}"`,
    );
  const file = await readVerified(store, modelKey(manifest.name, bundleFiles.tokenizer), record);
  return parseVocabulary(new TextDecoder().decode(file), manifest.architecture.vocabularySize);
}

/**
 * Reads token bytes out of a `tokenizer.json`. Byte-level vocabularies (GPT-2's) spell each byte as a printable character;
 * sentencepiece-like ones spell a space as U+2581 and bytes that no token has as `<0xE4>`. Throws CorruptObjectError.
 */
export function parseVocabulary(tokenizerJson: string, size: number): Vocabulary {
  const parsed = tokenizerSchema.safeParse(JSON.parse(tokenizerJson));
  if (!parsed.success) throw new CorruptObjectError('"tokenizer.json" has no vocabulary');
  const { model, added_tokens: added, decoder } = parsed.data;
  const isByteLevel = JSON.stringify(decoder ?? null).includes('"ByteLevel"');
  const toBytes = isByteLevel ? byteLevelBytes() : sentencePieceBytes;
  const table: (Uint8Array | null)[] = new Array<Uint8Array | null>(size).fill(null);
  for (const [piece, id] of Object.entries(model.vocab)) if (id < size) table[id] = toBytes(piece);
  const specials = new Map<number, string>();
  for (const { id, content, special } of added) {
    if (id < size) table[id] = special ? null : new TextEncoder().encode(content);
    if (special) specials.set(id, content);
  }
  return { size, bytes: (id) => table[id] ?? null, special: (id) => specials.get(id) ?? null };
}

function sentencePieceBytes(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte
    ? Uint8Array.of(Number.parseInt(byte, 16))
    : new TextEncoder().encode(piece.replaceAll("\u2581", " "));
}

/**
 * GPT-2's spelling of bytes: printable Latin-1 stands for itself, the others for the characters from U+0100 on.
 * Source: `bytes_to_unicode` in https://github.com/openai/gpt-2/blob/master/src/encoder.py
 */
function byteLevelBytes(): (piece: string) => Uint8Array | null {
  const byteOf = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    byteOf.set(String.fromCodePoint(isPrintable ? byte : next++), byte);
  }
  return (piece) => {
    const bytes = Array.from(piece, (character) => byteOf.get(character));
    return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : null;
  };
}
