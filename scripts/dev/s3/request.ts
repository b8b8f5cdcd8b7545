/** What an S3 request over HTTP says, and what of it goes on to the bucket. */
import type { IncomingMessage } from "node:http";
import { AwsChunkedDecoder } from "./aws-chunked.ts";
import type { Authenticated } from "./auth.ts";
import { CheckedBody, lengthDigest, sha256Digest, trailerDigest } from "./body.ts";
import { S3Error } from "./error.ts";
import { decodePath, type UpstreamRequest } from "./upstream.ts";
import { UNSIGNED_PAYLOAD } from "./sigv4.ts";

/** `aws-chunked` without a signature per chunk: what the AWS SDKs and CLI send when they stream. */
const UNSIGNED_CHUNKS = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/** Headers that speak of the client's connection or signature, not of the object. */
const NOT_PASSED_ON = new Set(
  "authorization connection content-length expect keep-alive te trailer transfer-encoding upgrade x-amz-content-sha256 x-amz-date x-amz-decoded-content-length x-amz-trailer".split(
    " ",
  ),
);

export interface S3Request {
  readonly method: string;
  /** Percent-encoded, as it was sent. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  readonly bucket: string;
  /** Empty where the request is about the bucket. */
  readonly key: string;
}

/** Reads the request line and headers; throws `S3Error` where the path is not UTF-8. */
export function readRequest(incoming: IncomingMessage): S3Request {
  const [path = "/", search = ""] = (incoming.url ?? "/").split(/\?(.*)/s, 2);
  const headers = new Map<string, string>();
  for (let index = 0; index < incoming.rawHeaders.length; index += 2) {
    const name = incoming.rawHeaders[index]!.toLowerCase();
    const value = incoming.rawHeaders[index + 1]!;
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
  }
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return {
    method: incoming.method ?? "GET",
    path,
    query: new URLSearchParams(search),
    headers,
    bucket: decodePath(bucket),
    key: decodePath(key),
  };
}

export interface Forwarded {
  readonly request: UpstreamRequest;
  /** The bytes of the object that this request has carried so far. */
  readonly bytes: () => number;
}

/**
 * The request that goes on to the bucket, its body unpacked and checked on the way.
 *
 * Throws `S3Error` for a body without a length (411), or one whose every chunk is signed (501).
 */
export function forward(request: S3Request, identity: Authenticated, source: IncomingMessage): Forwarded {
  const headers = new Map([...request.headers].filter(([name]) => !NOT_PASSED_ON.has(name)));
  // Some SDKs put a slash behind a bucket's name, which R2 takes for an object.
  const path = request.key === "" ? request.path.replace(/(.)\/$/, "$1") : request.path;
  const { method } = request;
  const { query, payloadHash } = identity;
  const chunked = payloadHash.startsWith("STREAMING-");
  const length = request.headers.get(chunked ? "x-amz-decoded-content-length" : "content-length");
  if (length === undefined) {
    if (chunked || request.headers.has("transfer-encoding"))
      throw new S3Error(
        411,
        "MissingContentLength",
        "The body's length is not announced, wanted a content-length header",
      );
    return { request: { method, path, query, headers }, bytes: () => 0 };
  }
  headers.set("content-length", length);
  if (!chunked) {
    const body = new CheckedBody(payloadHash === UNSIGNED_PAYLOAD ? [] : [sha256Digest(payloadHash)]);
    return {
      request: { method, path, query, headers, body: { source, stages: [body] } },
      bytes: () => body.bytes,
    };
  }
  if (payloadHash !== UNSIGNED_CHUNKS)
    throw new S3Error(
      501,
      "NotImplemented",
      `The body is sent as "${payloadHash}", wanted "${UNSIGNED_CHUNKS}", "${UNSIGNED_PAYLOAD}" or its SHA-256`,
    );
  const encodings = (headers.get("content-encoding") ?? "").split(",").map((encoding) => encoding.trim());
  const kept = encodings.filter((encoding) => encoding !== "aws-chunked" && encoding !== "");
  if (kept.length === 0) headers.delete("content-encoding");
  else headers.set("content-encoding", kept.join(","));
  const decoder = new AwsChunkedDecoder();
  const body = new CheckedBody([lengthDigest(Number(length)), trailerDigest(decoder.trailers)]);
  return {
    request: { method, path, query, headers, body: { source, stages: [decoder, body] } },
    bytes: () => body.bytes,
  };
}
