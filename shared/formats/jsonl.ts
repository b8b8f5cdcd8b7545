import { datasetLimits, type RowError, type RowErrorCode } from "../contracts/dataset.ts";

export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly error: RowError };

const NEWLINE = 10;
const CARRIAGE_RETURN = 13;
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Splits a byte stream into lines, holding one line at a time. Blank lines are passed over, a byte-order mark at the
 * start and carriage returns at line ends are dropped. A line that is too long or no UTF-8 comes out as an error.
 */
export async function* readLines(
  stream: AsyncIterable<Uint8Array>,
  maxLineBytes: number = datasetLimits.lineBytes,
): AsyncGenerator<Line> {
  let number = 0;
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): Line | undefined => {
    number++;
    const line = toLine(number, pieces, bytes, maxLineBytes);
    pieces = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      bytes += end - start;
      if (bytes <= maxLineBytes) pieces.push(chunk.subarray(start, end));
      const line = flush();
      if (line) yield line;
      start = end + 1;
    }
    bytes += chunk.length - start;
    // Past the limit the rest of the line is only counted, so a file without newlines costs no memory.
    if (bytes <= maxLineBytes) pieces.push(chunk.slice(start));
    else pieces = [];
  }
  if (bytes > 0) {
    const line = flush();
    if (line) yield line;
  }
}

function toLine(number: number, pieces: Uint8Array[], bytes: number, maxLineBytes: number): Line | undefined {
  if (bytes > maxLineBytes) {
    return failed(number, "line_too_long", `Line has ${bytes} bytes, at most ${maxLineBytes} are allowed`);
  }
  const joined = join(pieces, bytes);
  const end = joined.at(-1) === CARRIAGE_RETURN ? joined.length - 1 : joined.length;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(joined.subarray(0, end));
  } catch {
    return failed(number, "invalid_utf8", "Line is not valid UTF-8");
  }
  if (number === 1 && text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  return text.trim() === "" ? undefined : { number, text };
}

function join(pieces: Uint8Array[], bytes: number): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  const joined = new Uint8Array(bytes);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}

function failed(line: number, code: RowErrorCode, message: string): Line {
  return { number: line, error: { line, code, message } };
}
