import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AwsChunkedDecoder } from "../../scripts/dev/s3/aws-chunked.ts";
import { CheckedBody, lengthDigest, sha256Digest, trailerDigest } from "../../scripts/dev/s3/body.ts";

function crcText(bytes: Uint8Array): string {
  const big = Buffer.alloc(4);
  big.writeUInt32BE(crc32(bytes));
  return big.toString("base64");
}

function frame(pieces: readonly Uint8Array[], trailer: string): Buffer {
  const chunks = pieces.flatMap((piece) => [`${piece.length.toString(16)};x=y\r\n`, piece, "\r\n"]);
  return Buffer.concat([...chunks, `0\r\n${trailer}\r\n`].map((part) => Buffer.from(part)));
}

async function decode(bytes: Buffer, split: number, wanted: Buffer): Promise<Buffer> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / split) }, (_, i) =>
    bytes.subarray(i * split, (i + 1) * split),
  );
  const decoder = new AwsChunkedDecoder();
  const checked = new CheckedBody([lengthDigest(wanted.length), trailerDigest(decoder.trailers)]);
  const result = buffer(checked);
  await Promise.all([pipeline(Readable.from(pieces, { objectMode: false }), decoder, checked), result]);
  return result;
}

describe("aws-chunked", () => {
  it("unpacks any chunks, wherever the network cuts them", async () => {
    const chunk = fc.uint8Array({ minLength: 1, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(chunk, { maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        async (pieces, split) => {
          const plain = Buffer.concat(pieces);
          const framed = frame(pieces, `x-amz-checksum-crc32:${crcText(plain)}\r\n`);
          expect((await decode(framed, split, plain)).equals(plain)).toBe(true);
        },
      ),
    );
  });

  const plain = Buffer.from("hello");
  it.each([
    [
      "a wrong checksum",
      frame([plain], "x-amz-checksum-crc32:AAAAAA==\r\n"),
      /crc32 is "NhCmhg==", wanted "AAAAAA=="/,
    ],
    ["an end before the last chunk", frame([plain], "").subarray(0, 8), /ended before its last chunk/],
    ["a size that is no number", Buffer.from("zz\r\nhello"), /malformed/],
    ["a line without an end", Buffer.alloc(10_000, "1"), /malformed/],
    ["fewer bytes than announced", frame([plain.subarray(1)], ""), /has 4 bytes, wanted 5/],
  ])("refuses %s", async (_, framed, message) => {
    await expect(decode(framed, 3, plain)).rejects.toThrow(message);
  });
});

describe("CheckedBody", () => {
  it("never lets the last byte of a damaged body through", async () => {
    const wanted = createHash("sha256").update("hello").digest("hex");
    const body = new CheckedBody([sha256Digest(wanted)]);
    let seen = "";
    body.on("data", (bytes: Buffer) => (seen += bytes.toString()));
    await expect(pipeline(Readable.from([Buffer.from("hel"), Buffer.from("lO")]), body)).rejects.toThrow(
      /wanted "2cf24/,
    );
    expect(seen).toBe("hel");
  });
});
