import { InvalidDataError } from "../errors.ts";

/** Element types that we store, with their size in bytes. */
const elementBytes = { F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I8: 1, U8: 1 } as const;
export type SafetensorsType = keyof typeof elementBytes;

export interface Tensor {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  /** Little-endian, row-major; a view into the file's bytes where it was read from one. */
  readonly bytes: Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes are no safetensors file that we accept. */
export class SafetensorsError extends InvalidDataError {
  constructor(message: string) {
    super(message, { code: "invalid_safetensors" });
  }
}

/** The format's own limit; callers with small files pass a smaller one, so that a hostile header costs nothing. */
const MAX_HEADER_BYTES = 100_000_000;
const MAX_RANK = 8;
const LENGTH_BYTES = 8;
/** Data begins at a multiple of this, as the reference writer pads its header. */
const ALIGNMENT = 8;

interface TensorEntry {
  dtype: SafetensorsType;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * Parses a safetensors file strictly: tensors must cover the data without gap or overlap, sizes must match shapes.
 * Nothing is copied and nothing beyond the file's size is allocated. Throws SafetensorsError.
 * Format: https://huggingface.co/docs/safetensors, "Format".
 */
export function parseSafetensors(file: Uint8Array, maxHeaderBytes = MAX_HEADER_BYTES): SafetensorsFile {
  const dataStart = readDataStart(file, file.length, maxHeaderBytes);
  const { metadata, tensors } = parseSafetensorsHeader(file.subarray(0, dataStart), file.length);
  return {
    tensors: new Map(
      [...tensors].map(([name, { type, shape, begin, end }]) => [
        name,
        { type, shape, bytes: file.subarray(begin, end) },
      ]),
    ),
    metadata,
  };
}

/** A tensor that was not read yet: its bytes lie from `begin` up to `end` in the file. */
export interface TensorLocation {
  readonly type: SafetensorsType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Where a file's data begins, from its first 8 bytes. Throws SafetensorsError when that is beyond `fileBytes`, or the
 * header longer than `maxHeaderBytes`.
 */
export function readDataStart(
  start: Uint8Array,
  fileBytes: number,
  maxHeaderBytes = MAX_HEADER_BYTES,
): number {
  if (start.length < LENGTH_BYTES)
    throw new SafetensorsError(`Found ${start.length} bytes, wanted a header length of 8`);
  const headerBytes = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  const limit = Math.min(maxHeaderBytes, fileBytes - LENGTH_BYTES);
  if (headerBytes > BigInt(limit))
    throw new SafetensorsError(`Header claims ${headerBytes} bytes, at most ${limit} are possible here`);
  return LENGTH_BYTES + Number(headerBytes);
}

/** The same checks for a file of which only what lies before `readDataStart` is in memory. Throws SafetensorsError. */
export function parseSafetensorsHeader(
  beforeData: Uint8Array,
  fileBytes: number,
): { tensors: Map<string, TensorLocation>; metadata: Readonly<Record<string, string>> } {
  const { metadata, entries } = parseHeader(beforeData.subarray(LENGTH_BYTES));
  const dataStart = beforeData.length;
  checkCoverage(entries, fileBytes - dataStart);
  const tensors = new Map(
    entries.map(
      ([
        name,
        {
          dtype: type,
          shape,
          data_offsets: [begin, end],
        },
      ]) => [name, { type, shape, begin: dataStart + begin, end: dataStart + end }],
    ),
  );
  return { tensors, metadata };
}

/** Writes tensors in the given order, aligned to 8 bytes. */
export function serializeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let offset = 0;
  for (const [name, { type, shape, bytes }] of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const json = JSON.stringify(header);
  const unpadded = new TextEncoder().encode(json).length;
  const padding = (ALIGNMENT - (unpadded % ALIGNMENT)) % ALIGNMENT;
  const headerBytes = new TextEncoder().encode(json + " ".repeat(padding));
  const file = new Uint8Array(LENGTH_BYTES + headerBytes.length + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes.length), true);
  file.set(headerBytes, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerBytes.length;
  for (const { bytes } of tensors.values()) {
    file.set(bytes, position);
    position += bytes.length;
  }
  return file;
}

function parseHeader(bytes: Uint8Array) {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new SafetensorsError(`Header is not UTF-8 JSON: ${String(cause)}`);
  }
  if (!isRecord(header)) throw new SafetensorsError("Header is not a JSON object");
  const metadata: Record<string, string> = {};
  const entries: [string, TensorEntry][] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") Object.assign(metadata, parseMetadata(value));
    else entries.push([name, parseEntry(name, value)]);
  }
  // JSON.parse keeps the last of two equal keys: count the keys as written to refuse duplicates.
  const written = text.match(/"dtype"\s*:/g)?.length ?? 0;
  if (written !== entries.length) {
    throw new SafetensorsError(`Header names ${written} tensors but only ${entries.length} different ones`);
  }
  return { metadata, entries };
}

function parseMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((item) => typeof item !== "string")) {
    throw new SafetensorsError('"__metadata__" must map strings to strings');
  }
  return value as Record<string, string>;
}

function parseEntry(name: string, value: unknown): TensorEntry {
  if (!isRecord(value)) throw new SafetensorsError(`Tensor "${name}" has no description`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !Object.hasOwn(elementBytes, dtype)) {
    throw new SafetensorsError(
      `Tensor "${name}" has type ${JSON.stringify(dtype)}, wanted one of ${Object.keys(elementBytes).join(", ")}`,
    );
  }
  if (!isSizes(shape) || shape.length > MAX_RANK) {
    throw new SafetensorsError(
      `Tensor "${name}" has shape ${JSON.stringify(shape)}, wanted at most ${MAX_RANK} sizes`,
    );
  }
  if (!isSizes(offsets) || offsets.length !== 2 || (offsets[0] as number) > (offsets[1] as number)) {
    throw new SafetensorsError(
      `Tensor "${name}" has offsets ${JSON.stringify(offsets)}, wanted a begin and an end`,
    );
  }
  const [begin, end] = offsets as [number, number];
  const type = dtype as SafetensorsType;
  const wanted = shape.reduce((product, size) => product * size, elementBytes[type]);
  if (end - begin !== wanted) {
    throw new SafetensorsError(
      `Tensor "${name}" spans ${end - begin} bytes, its shape [${shape}] wants ${wanted}`,
    );
  }
  return { dtype: type, shape, data_offsets: [begin, end] };
}

function checkCoverage(entries: [string, TensorEntry][], dataBytes: number): void {
  let position = 0;
  const byBegin = entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { data_offsets }] of byBegin) {
    const [begin, end] = data_offsets;
    if (begin !== position) {
      throw new SafetensorsError(
        `Tensor "${name}" begins at byte ${begin}, wanted ${position}: a hole or an overlap`,
      );
    }
    position = end;
  }
  if (position !== dataBytes)
    throw new SafetensorsError(`Tensors cover ${position} of ${dataBytes} data bytes`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
