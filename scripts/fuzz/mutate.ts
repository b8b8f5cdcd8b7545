import type { Random } from "../../shared/random.ts";

/** Texts at which parsers of headers, JSON and numbers go wrong. */
const FRAGMENTS = [
  "-1",
  "0",
  "1e309",
  "9007199254740993",
  "18446744073709551616",
  "null",
  "NaN",
  '"',
  "\\",
  "\\u0000",
  "\\ud800",
  "%",
  "%ff",
  "{}",
  "[]",
  "[0,0]",
  '"__proto__":',
  '"dtype":',
  "\n",
  "\r\n",
  "\u0000",
  "\uFEFF",
].map((text) => new TextEncoder().encode(text));
const BRACKETS = ["[", "{", '{"a":'].map((text) => new TextEncoder().encode(text));
const MAX_MUTATIONS = 6;
/** Deeper than any stack that a careless parser would have. */
const MAX_DEPTH = 20_000;
const MAX_REPEAT = 2000;

type Mutation = (bytes: Uint8Array, random: Random) => Uint8Array;

const splice = (bytes: Uint8Array, from: number, to: number, middle: Uint8Array): Uint8Array => {
  const result = new Uint8Array(from + middle.length + bytes.length - to);
  result.set(bytes.subarray(0, from));
  result.set(middle, from);
  result.set(bytes.subarray(to), from + middle.length);
  return result;
};
const pick = <T>(items: readonly T[], random: Random): T => items[random.below(items.length)] as T;
const place = (bytes: Uint8Array, random: Random): [number, number] => {
  const from = random.below(bytes.length + 1);
  return [from, Math.min(bytes.length, from + random.below(1 + random.below(64)))];
};
const repeat = (piece: Uint8Array, times: number): Uint8Array => {
  const result = new Uint8Array(piece.length * times);
  for (let i = 0; i < times; i++) result.set(piece, i * piece.length);
  return result;
};
/** The same bytes with one changed; nothing where there are none. */
const change = (bytes: Uint8Array, random: Random, value: (before: number) => number): Uint8Array => {
  const at = random.below(bytes.length);
  return bytes.length === 0 ? bytes : bytes.with(at, value(bytes[at] ?? 0));
};

const mutations: readonly Mutation[] = [
  (bytes, random) => change(bytes, random, (before) => before ^ (1 << random.below(8))),
  (bytes, random) => change(bytes, random, () => random.below(256)),
  (bytes, random) => splice(bytes, ...place(bytes, random), new Uint8Array()),
  (bytes, random) => splice(bytes, ...place(bytes, random), pick(FRAGMENTS, random)),
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return splice(bytes, at, at, pick(FRAGMENTS, random));
  },
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  (bytes, random) => {
    const [from, to] = place(bytes, random);
    const at = random.below(bytes.length + 1);
    return splice(bytes, at, at, bytes.subarray(from, to));
  },
  (bytes, random) => {
    // A safetensors file begins with its header's length.
    const length = new Uint8Array(8);
    new DataView(length.buffer).setBigUint64(
      0,
      BigInt(Math.floor(random.next() * 2 ** random.below(64))),
      true,
    );
    return splice(bytes, 0, Math.min(8, bytes.length), length);
  },
];
/** These make inputs large, and so are rare. */
const swelling: readonly Mutation[] = [
  (bytes, random) => {
    const at = random.below(bytes.length + 1);
    return splice(bytes, at, at, repeat(pick(BRACKETS, random), 1 + random.below(MAX_DEPTH)));
  },
  (bytes, random) => {
    const [from, to] = place(bytes, random);
    return splice(bytes, to, to, repeat(bytes.subarray(from, to), 1 + random.below(MAX_REPEAT)));
  },
];
const SWELLING_SHARE = 0.01;

/** The bytes with one to six things done to them. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result = bytes;
  if (random.next() < SWELLING_SHARE) result = pick(swelling, random)(result, random);
  for (let left = 1 + random.below(MAX_MUTATIONS); left > 0; left--)
    result = pick(mutations, random)(result, random);
  return result;
}
