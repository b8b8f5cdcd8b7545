/** The body of an S3 upload on its way to the bucket: counted and checked as it flows. */
import { createHash } from "node:crypto";
import { Transform, type TransformCallback } from "node:stream";
import { crc32 } from "node:zlib";
import { S3Error } from "./error.ts";

interface Digest {
  update(bytes: Buffer): void;
  /** Throws S3Error where the bytes seen are not those that were announced. */
  verify(): void;
}

/**
 * Lets bytes through one piece late, and the last piece only once all digests agree: so a body that arrives damaged is
 * never complete at the other end, which therefore stores nothing.
 */
export class CheckedBody extends Transform {
  /** Bytes let through, or held back, so far. */
  bytes = 0;
  readonly #digests: readonly Digest[];
  #held: Buffer | null = null;

  constructor(digests: readonly Digest[]) {
    super();
    this.#digests = digests;
  }

  override _transform(piece: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += piece.length;
    for (const digest of this.#digests) digest.update(piece);
    const ready = this.#held;
    this.#held = piece;
    if (ready === null) done();
    else done(null, ready);
  }

  override _flush(done: TransformCallback): void {
    try {
      for (const digest of this.#digests) digest.verify();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    done(null, this.#held);
  }
}

/** Checks a body against the length that the request announced, in bytes. */
export function lengthDigest(wanted: number): Digest {
  let found = 0;
  return {
    update: (bytes) => void (found += bytes.length),
    verify() {
      if (found !== wanted)
        throw new S3Error(400, "IncompleteBody", `The body has ${found} bytes, wanted ${wanted}`);
    },
  };
}

/** Checks a body against the SHA-256 (hex) that the request was signed with. */
export function sha256Digest(wanted: string): Digest {
  const hash = createHash("sha256");
  return {
    update: (bytes) => void hash.update(bytes),
    verify() {
      const found = hash.digest("hex");
      if (found !== wanted)
        throw new S3Error(
          400,
          "XAmzContentSHA256Mismatch",
          `The body's SHA-256 is "${found}", wanted "${wanted}"`,
        );
    },
  };
}

/** Checks a body against the checksum in its trailer. CRC32C and CRC64NVME are taken as they come: Node has neither. */
export function trailerDigest(trailers: ReadonlyMap<string, string>): Digest {
  const hashes = { sha1: createHash("sha1"), sha256: createHash("sha256") };
  let crc = 0;
  return {
    update(bytes) {
      crc = crc32(bytes, crc);
      for (const hash of Object.values(hashes)) hash.update(bytes);
    },
    verify() {
      const big = Buffer.alloc(4);
      big.writeUInt32BE(crc);
      const found = { crc32: big, sha1: hashes.sha1.digest(), sha256: hashes.sha256.digest() };
      for (const [name, bytes] of Object.entries(found)) {
        const wanted = trailers.get(`x-amz-checksum-${name}`);
        if (wanted !== undefined && wanted !== bytes.toString("base64"))
          throw new S3Error(
            400,
            "BadDigest",
            `The body's ${name} is "${bytes.toString("base64")}", wanted "${wanted}"`,
          );
      }
    },
  };
}
