import relaxed from "./kernel-relaxed.wasm";
import plain from "./kernel.wasm";

/** A module of one function, which does what only relaxed SIMD has: `f32x4.relaxed_madd`. */
const probe = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    // Its type, (v128) -> v128, and that it is of that type.
    [0x01, 0x06, 0x01, 0x60, 0x01, 0x7b, 0x01, 0x7b],
    [0x03, 0x02, 0x01, 0x00],
    // Its code: the argument thrice, relaxed_madd, end.
    [0x0a, 0x0d, 0x01, 0x0b, 0x00, 0x20, 0x00, 0x20, 0x00, 0x20, 0x00, 0xfd, 0x85, 0x02, 0x0b],
  ].flat(),
);

/** The kernel built for what this engine can do. */
export const kernelModule = WebAssembly.validate(probe) ? relaxed : plain;
