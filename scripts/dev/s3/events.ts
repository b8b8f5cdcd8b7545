/** Which S3 requests change an object, and the event that R2 would send for each. */
import { xmlTexts } from "./error.ts";

/** An R2 event notification, as a queue consumer receives it. */
export interface BucketEvent {
  readonly account: string;
  readonly action: "PutObject" | "CopyObject" | "CompleteMultipartUpload" | "DeleteObject";
  readonly bucket: string;
  /** `size` in bytes and `eTag` (without quotes) are absent on deletes. */
  readonly object: { readonly key: string; readonly size?: number; readonly eTag?: string };
  /** ISO 8601 */
  readonly eventTime: string;
  readonly copySource?: { readonly bucket: string; readonly object: string };
}

/** A request that changes an object if it succeeds; `DeleteObjects` names its keys in its answer. */
export interface Write {
  readonly action: BucketEvent["action"] | "DeleteObjects";
  readonly bucket: string;
  readonly key: string;
  readonly copySource?: { readonly bucket: string; readonly object: string };
}

/** What is known of the object once the request has succeeded. */
export interface WriteResult {
  readonly status: number;
  readonly eTag: string | undefined;
  readonly body: string;
}

export interface WriteRequest {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
}

/** The change that a request asks for, or null for reads and for the steps of an upload that is not complete. */
export function writeOf({ method, bucket, key, query, headers }: WriteRequest): Write | null {
  if (key === "")
    return method === "POST" && query.has("delete") ? { action: "DeleteObjects", bucket, key } : null;
  if (query.has("uploadId"))
    return method === "POST" ? { action: "CompleteMultipartUpload", bucket, key } : null;
  if (query.has("uploads")) return null;
  if (method === "DELETE") return { action: "DeleteObject", bucket, key };
  if (method !== "PUT" && method !== "POST") return null;
  const source = headers.get("x-amz-copy-source");
  if (source === undefined) return { action: "PutObject", bucket, key };
  const [from = "", ...rest] = decodeURIComponent(source).replace(/^\//, "").split("/");
  return { action: "CopyObject", bucket, key, copySource: { bucket: from, object: rest.join("/") } };
}

/** True where the change took place: S3 may answer 200 and say in the body that it failed. */
export function succeeded(result: WriteResult): boolean {
  return result.status >= 200 && result.status < 300 && !/^\s*(?:<\?xml[^>]*>\s*)?<Error>/.test(result.body);
}

/** The objects that a successful request removed. */
export function deletedKeys(write: Write, result: WriteResult): string[] {
  if (write.action === "DeleteObject") return [write.key];
  return write.action === "DeleteObjects" ? xmlTexts(result.body, "Key") : [];
}

/** The new version's eTag, without quotes, as the answer gives it. */
export function writtenETag(result: WriteResult): string | undefined {
  return (result.eTag ?? xmlTexts(result.body, "ETag")[0])?.replace(/^"|"$/g, "");
}
