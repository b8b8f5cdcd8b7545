import type { ResponseFormat } from "../../shared/contracts/generation.ts";
import { InternalError } from "../../shared/errors.ts";
import type { TokenConstraint } from "./generate.ts";
import { isPlain, type Rest } from "./json-grammar.ts";
import { anyObject } from "./json-free-value.ts";
import { schemaGrammar } from "./json-schema.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * A way to make constraints for answers of this format; undefined where anything goes. Throws InvalidRequestError (code
 * `unsupported_schema`) for a schema that cannot be kept.
 */
export function responseGrammar(format: ResponseFormat | null | undefined): (() => Rest) | undefined {
  if (!format || format.type === "text") return undefined;
  return format.type === "json_object" ? anyObject : schemaGrammar(format.json_schema.schema);
}

/** A fresh constraint for each answer; undefined where anything goes. A grammar needs the vocabulary. */
export function jsonConstraint(
  grammar: (() => Rest) | undefined,
  vocabulary: Vocabulary | null,
  endTokens: readonly number[],
): (() => TokenConstraint) | undefined {
  return grammar && vocabulary ? () => createJsonConstraint(grammar, vocabulary, endTokens) : undefined;
}

/**
 * Keeps an answer to a grammar: a token may come where each of its bytes may, and an end token where the text may end.
 * Once the text is complete, only an end token can come.
 */
export function createJsonConstraint(
  grammar: () => Rest,
  vocabulary: Vocabulary,
  endTokens: readonly number[],
): TokenConstraint {
  let rest = grammar();
  const index = tokenIndex(vocabulary);
  return {
    mask(logits) {
      const allowed = rest.done ? [...allowedTokens(rest, index), ...endTokens] : allowedTokens(rest, index);
      if (allowed.length === 0) {
        throw new InternalError("No token of the vocabulary continues the JSON text", {
          code: "constraint_unsatisfiable",
        });
      }
      const kept = allowed.map((id) => logits[id] as number);
      logits.fill(Number.NEGATIVE_INFINITY);
      allowed.forEach((id, i) => {
        logits[id] = kept[i] as number;
      });
    },
    accept(id) {
      for (const byte of vocabulary.bytes(id) ?? []) {
        const next = rest.step(byte);
        if (!next)
          throw new InternalError(`Token ${id} breaks the grammar it was chosen by`, {
            code: "constraint_broken",
          });
        rest = next;
      }
    },
  };
}

/** Tokens in the order of their bytes, each with how many bytes it shares with the one before. */
interface SortedTokens {
  readonly ids: readonly number[];
  readonly bytes: readonly Uint8Array[];
  readonly shared: readonly number[];
}

interface TokenIndex {
  readonly all: SortedTokens;
  /** Most tokens: those that can come anywhere inside a string and leave it where it was. */
  readonly plain: readonly number[];
  readonly others: SortedTokens;
  /** What was found for a node that texts stay at, such as the inside of a string. */
  readonly known: WeakMap<Rest, readonly number[]>;
}

const indices = new WeakMap<Vocabulary, TokenIndex>();

function tokenIndex(vocabulary: Vocabulary): TokenIndex {
  const ready = indices.get(vocabulary);
  if (ready) return ready;
  const tokens: Token[] = [];
  for (let id = 0; id < vocabulary.size; id++) {
    const bytes = vocabulary.bytes(id);
    if (bytes && bytes.length > 0) tokens.push({ id, bytes });
  }
  tokens.sort((a, b) => compareBytes(a.bytes, b.bytes));
  const index: TokenIndex = {
    all: sharedBeginnings(tokens),
    plain: tokens.filter(({ bytes }) => isPlain(bytes)).map(({ id }) => id),
    others: sharedBeginnings(tokens.filter(({ bytes }) => !isPlain(bytes))),
    known: new WeakMap(),
  };
  indices.set(vocabulary, index);
  return index;
}

interface Token {
  readonly id: number;
  readonly bytes: Uint8Array;
}

function sharedBeginnings(tokens: readonly Token[]): SortedTokens {
  return {
    ids: tokens.map(({ id }) => id),
    bytes: tokens.map(({ bytes }) => bytes),
    shared: tokens.map(({ bytes }, i) => commonLength(bytes, tokens[i - 1]?.bytes ?? new Uint8Array())),
  };
}

function allowedTokens(rest: Rest, index: TokenIndex): readonly number[] {
  const known = index.known.get(rest);
  if (known) return known;
  const allowed = rest.inString
    ? [...index.plain, ...tryTokens(rest, index.others)]
    : tryTokens(rest, index.all);
  index.known.set(rest, allowed);
  return allowed;
}

/**
 * Tries tokens as if they were laid out in a trie: beginnings that neighbours share are stepped through once, and once a
 * beginning fails all tokens with it are passed over.
 */
function tryTokens(rest: Rest, { ids, bytes, shared }: SortedTokens): number[] {
  const allowed: number[] = [];
  /** What may come after so many bytes of the present token. */
  const path: Rest[] = [rest];
  let failedAt = Number.POSITIVE_INFINITY;
  ids.forEach((id, i) => {
    const token = bytes[i] as Uint8Array;
    const begin = shared[i] as number;
    if (begin > failedAt) return;
    failedAt = Number.POSITIVE_INFINITY;
    for (let at = begin; at < token.length; at++) {
      const next = (path[at] as Rest).step(token[at] as number);
      if (!next) {
        failedAt = at;
        return;
      }
      path[at + 1] = next;
    }
    allowed.push(id);
  });
  return allowed;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = commonLength(a, b);
  return length === Math.min(a.length, b.length)
    ? a.length - b.length
    : (a[length] as number) - (b[length] as number);
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
