import { UnavailableError } from "../../shared/errors.ts";
import { roundUp } from "../../shared/formats/packed-weights.ts";
import type { Address } from "./kernel.ts";

/** The kernel's memory would pass its limit. */
export class KernelMemoryError extends UnavailableError {
  /** Both in bytes. */
  constructor(wanted: number, limit: number) {
    super(`The decode kernel needs ${wanted} bytes of memory, its limit is ${limit}`, {
      code: "out_of_memory",
    });
  }
}

/** The kernel's linear memory, handed out from the beginning to the end. What is handed out is zero at first. */
export interface Arena {
  readonly memory: WebAssembly.Memory;
  /** Takes `bytes`, aligned to a cache line. Throws KernelMemoryError, having taken nothing. */
  take(bytes: number): Address;
  /** Views that stay right until the next `take`. */
  bytes(address: Address, length: number): Uint8Array<ArrayBuffer>;
  floats(address: Address, length: number): Float32Array<ArrayBuffer>;
  words(address: Address, length: number): Uint32Array<ArrayBuffer>;
}

const WASM_PAGE = 65_536;
/** Before it are the kernel's own constants, and address 0, which means "none". */
export const ARENA_START = 256;
const ALIGNMENT = 64;

/** Plans a memory of at most `limit` bytes. */
export function createArena(limit: number): Arena {
  const maximum = Math.floor(limit / WASM_PAGE);
  const memory = new WebAssembly.Memory({ initial: 1, maximum });
  let end = ARENA_START;
  return {
    memory,
    take(bytes) {
      const start = end;
      const wanted = roundUp(start + bytes, ALIGNMENT);
      // Also refuses what is no number.
      if (!(bytes >= 0 && wanted <= maximum * WASM_PAGE)) throw new KernelMemoryError(wanted, limit);
      const missing = Math.ceil((wanted - memory.buffer.byteLength) / WASM_PAGE);
      if (missing > 0) grow(memory, missing, wanted, limit);
      end = wanted;
      return start;
    },
    bytes: (address, length) => new Uint8Array(memory.buffer, address, length),
    floats: (address, length) => new Float32Array(memory.buffer, address, length),
    words: (address, length) => new Uint32Array(memory.buffer, address, length),
  };
}

function grow(memory: WebAssembly.Memory, pages: number, wanted: number, limit: number): void {
  try {
    memory.grow(pages);
  } catch {
    throw new KernelMemoryError(wanted, limit);
  }
}
