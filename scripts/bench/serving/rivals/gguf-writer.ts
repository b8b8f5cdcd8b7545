/** Builds a GGUF file: metadata first, then the tensors. */
export interface GgufWriter {
  text(key: string, value: string): void;
  uint(key: string, value: number): void;
  float(key: string, value: number): void;
  texts(key: string, values: readonly string[]): void;
  ints(key: string, values: readonly number[]): void;
  finish(tensors: readonly GgufTensor[]): Uint8Array<ArrayBuffer>;
}

export interface GgufTensor {
  readonly name: string;
  /** Fastest first. */
  readonly sizes: readonly number[];
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** "GGUF", little-endian. */
const MAGIC = 0x46554747;
const VERSION = 3;
const ALIGNMENT = 32;
/** Types of metadata, as the format numbers them. */
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const STRING = 8;
const ARRAY = 9;

/** An empty file of version 3. */
export function createGgufWriter(): GgufWriter {
  const metadata = createBytes();
  let keys = 0;
  const key = (name: string, type: number) => {
    keys++;
    metadata.text(name);
    metadata.uint32(type);
  };
  const array = (name: string, type: number, length: number) => {
    key(name, ARRAY);
    metadata.uint32(type);
    metadata.uint64(length);
  };
  return {
    text(name, value) {
      key(name, STRING);
      metadata.text(value);
    },
    uint(name, value) {
      key(name, UINT32);
      metadata.uint32(value);
    },
    float(name, value) {
      key(name, FLOAT32);
      metadata.float32(value);
    },
    texts(name, values) {
      array(name, STRING, values.length);
      for (const value of values) metadata.text(value);
    },
    ints(name, values) {
      array(name, INT32, values.length);
      for (const value of values) metadata.uint32(value);
    },
    finish(tensors) {
      const file = createBytes();
      file.uint32(MAGIC);
      file.uint32(VERSION);
      file.uint64(tensors.length);
      file.uint64(keys);
      file.raw(metadata.concatenate());
      let offset = 0;
      for (const { name, sizes, type, bytes } of tensors) {
        file.text(name);
        file.uint32(sizes.length);
        for (const size of sizes) file.uint64(size);
        file.uint32(type);
        file.uint64(offset);
        offset += aligned(bytes.length);
      }
      file.pad();
      for (const { bytes } of tensors) {
        file.raw(bytes);
        file.pad();
      }
      return file.concatenate();
    },
  };
}

const aligned = (length: number) => Math.ceil(length / ALIGNMENT) * ALIGNMENT;

/** A growing list of little-endian pieces. */
function createBytes() {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const raw = (bytes: Uint8Array) => {
    pieces.push(bytes);
    length += bytes.length;
  };
  const number = (bytes: number, write: (view: DataView) => void) => {
    const view = new DataView(new ArrayBuffer(bytes));
    write(view);
    raw(new Uint8Array(view.buffer));
  };
  const uint64 = (value: number) => number(8, (view) => view.setBigUint64(0, BigInt(value), true));
  return {
    raw,
    uint32: (value: number) => number(4, (view) => view.setUint32(0, value, true)),
    uint64,
    float32: (value: number) => number(4, (view) => view.setFloat32(0, value, true)),
    text(value: string) {
      const bytes = new TextEncoder().encode(value);
      uint64(bytes.length);
      raw(bytes);
    },
    pad: () => raw(new Uint8Array(aligned(length) - length)),
    concatenate() {
      const all = new Uint8Array(length);
      let position = 0;
      for (const piece of pieces) {
        all.set(piece, position);
        position += piece.length;
      }
      return all;
    },
  };
}
