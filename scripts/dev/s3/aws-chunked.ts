import { Transform, type TransformCallback } from "node:stream";
import { S3Error } from "./error.ts";

/** A chunk's size line or a trailer is short; what is longer is not `aws-chunked`. */
const MAX_LINE_BYTES = 4096;

/**
 * Unpacks `aws-chunked`, the framing of SDKs that learn a checksum only while they send:
 * `<hex size>[;extension]\r\n<bytes>\r\n` ... `0\r\n` `<trailer>:<value>\r\n` ... `\r\n`.
 */
export class AwsChunkedDecoder extends Transform {
  /** By lower-case name; complete once the stream has ended. */
  readonly trailers = new Map<string, string>();
  #state: "size" | "data" | "data-end" | "trailers" | "done" = "size";
  #pending: Buffer = Buffer.alloc(0);
  #left = 0;

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    try {
      while (this.#step());
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    if (this.#state === "done") done();
    else done(new S3Error(400, "IncompleteBody", "The aws-chunked body ended before its last chunk"));
  }

  /** Consumes one line or one piece of data; false where more bytes are needed. */
  #step(): boolean {
    if (this.#state === "data") {
      const piece = this.#pending.subarray(0, this.#left);
      if (piece.length === 0) return false;
      this.push(piece);
      this.#pending = this.#pending.subarray(piece.length);
      this.#left -= piece.length;
      if (this.#left === 0) this.#state = "data-end";
      return true;
    }
    if (this.#state === "done") return false;
    const end = this.#pending.indexOf("\r\n");
    if (end < 0 && this.#pending.length <= MAX_LINE_BYTES) return false;
    const line = this.#pending.toString("latin1", 0, end < 0 ? 0 : end);
    this.#pending = this.#pending.subarray(end + 2);
    this.#readLine(line, end < 0);
    return true;
  }

  #readLine(line: string, tooLong: boolean): void {
    const size = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(line);
    if (this.#state === "size" && size !== null && !tooLong) {
      this.#left = Number.parseInt(size[1] ?? "", 16);
      this.#state = this.#left === 0 ? "trailers" : "data";
    } else if (this.#state === "data-end" && line === "" && !tooLong) {
      this.#state = "size";
    } else if (this.#state === "trailers" && !tooLong) {
      const [name = "", value = ""] = line.split(/:(.*)/s, 2);
      if (line === "") this.#state = "done";
      else this.trailers.set(name.trim().toLowerCase(), value.trim());
    } else {
      throw new S3Error(
        400,
        "InvalidChunkSizeError",
        "The aws-chunked body is malformed, wanted a chunk's size in hex",
      );
    }
  }
}
