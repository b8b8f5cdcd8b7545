import xxhash, { type XXHashAPI } from "xxhash-wasm";

/** Everything that assignment needs to know of a unit. */
export interface HashedUnit {
  /** In [0, BUCKETS). */
  readonly bucket: number;
  /** The whole 64-bit hash in hex: names the unit in records, which never hold the id itself. */
  readonly key: string;
}

export const BUCKETS = 10_000;

interface UnitHash {
  /**
   * Hashes a unit for one experiment. The salt differs between experiments, so that who gets what in one says nothing
   * about another.
   */
  hash(salt: string, unit: string): HashedUnit;
  /** A short check value of a text: finds slips of the keyboard, keeps no secret. */
  check(salt: string, text: string): string;
}

const HEX_DIGITS = 16;
const BUCKETS_BIG = BigInt(BUCKETS);
function createUnitHash({ h32ToString, h64 }: XXHashAPI): UnitHash {
  return {
    hash(salt, unit) {
      const value = h64(`${salt}:${unit}`);
      // 2^64 is no multiple of 10,000: the first buckets are likelier by 5e-16 of their size.
      return { bucket: Number(value % BUCKETS_BIG), key: value.toString(16).padStart(HEX_DIGITS, "0") };
    },
    check: (salt, text) => h32ToString(`${salt}:${text}`),
  };
}

/**
 * XXH64 (https://xxhash.com) as WebAssembly. Made while the module loads: a request that waited for it would hang where the
 * request that began it is ended by the runtime.
 */
export const unitHash: UnitHash = createUnitHash(await xxhash());
