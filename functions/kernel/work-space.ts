import type { Architecture } from "../../shared/contracts/model.ts";
import { paddedSizes } from "../../shared/formats/packed-weights.ts";
import type { Arena } from "./arena.ts";
import type { Address } from "./kernel.ts";
import { PAGE_TOKENS } from "./kv-pages.ts";

/** Positions computed together: enough to share the widening of weights, few enough to stay in the processor's cache. */
export const ROWS = 16;
/** Logits computed together take at most about this; large vocabularies come down to one row at a time. */
const LOGITS_BYTES = 512 << 10;

/** What one step computes in, for ROWS positions; float32 but for `levels` (int16) and `tables` (uint32). */
export interface WorkSpace {
  /** Padded sizes in numbers. */
  readonly sizes: ReturnType<typeof paddedSizes>;
  /** Residual stream and its norm, `[ROWS, hidden]`. */
  readonly residual: Address;
  readonly normed: Address;
  /** Query, key and value, or gate and up. */
  readonly wide: Address;
  /** `[ROWS, query]` */
  readonly attended: Address;
  /** `[ROWS, intermediate]` */
  readonly activated: Address;
  /** A matrix's input and the scale of each row. */
  readonly levels: Address;
  readonly levelScales: Address;
  /** `[ROWS, headSize / 2]` */
  readonly cos: Address;
  readonly sin: Address;
  /** ROWS tables of the pages of a sequence, so many bytes apart. */
  readonly tables: Address;
  readonly tableBytes: number;
  /** Of four queries at once; see `assembly/attention.ts`. */
  readonly attention: Address;
  /** `[logitRows, vocabulary]` */
  readonly logits: Address;
  readonly logitRows: number;
}

/** Numbers that attention works in, for positions rounded up to a page. */
export const attentionFloats = (positions: number, headSize: number): number =>
  6 * (positions + headSize) + 8;

/** Takes the work space of a model. Throws KernelMemoryError. */
export function createWorkSpace(arena: Arena, architecture: Architecture): WorkSpace {
  const sizes = paddedSizes(architecture);
  const { hidden, query, key, intermediate, vocabulary, head } = sizes;
  const pages = Math.ceil(architecture.contextLength / PAGE_TOKENS);
  const floats = (count: number) => arena.take(count * Float32Array.BYTES_PER_ELEMENT);
  const tableBytes = pages * Uint32Array.BYTES_PER_ELEMENT;
  const logitRows = Math.min(ROWS, Math.max(1, Math.floor(LOGITS_BYTES / (4 * vocabulary))));
  return {
    sizes,
    residual: floats(ROWS * hidden),
    normed: floats(ROWS * hidden),
    wide: floats(ROWS * Math.max(query + 2 * key, 2 * intermediate)),
    attended: floats(ROWS * query),
    activated: floats(ROWS * intermediate),
    levels: arena.take(ROWS * Math.max(hidden, query, intermediate) * Int16Array.BYTES_PER_ELEMENT),
    levelScales: floats(ROWS),
    cos: floats(ROWS * head),
    sin: floats(ROWS * head),
    tables: arena.take(ROWS * tableBytes),
    tableBytes,
    attention: floats(attentionFloats(pages * PAGE_TOKENS, architecture.headSize)),
    logits: floats(logitRows * vocabulary),
    logitRows,
  };
}
