/** Sends the events of a finished write, with what the bucket knows of the object. */
import { S3Error } from "./error.ts";
import {
  deletedKeys,
  succeeded,
  writtenETag,
  type BucketEvent,
  type Write,
  type WriteResult,
} from "./events.ts";
import type { Upstream } from "./upstream.ts";

export interface FinishedWrite {
  readonly write: Write;
  readonly result: WriteResult;
  /** The size of the request's own body. */
  readonly bytes: number;
  /** The object's path, percent-encoded. */
  readonly path: string;
  readonly upstream: Upstream;
  readonly onEvent: (event: BucketEvent) => void | Promise<void>;
}

/** Delivers the events in turn, none where the write failed. Throws `S3Error` (500) where one cannot be delivered. */
export async function emitEvents(finished: FinishedWrite): Promise<void> {
  if (!succeeded(finished.result)) return;
  for (const event of await eventsOf(finished)) {
    try {
      await finished.onEvent(event);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const message = `The write to "${event.object.key}" took place, but its event could not be delivered: ${reason}`;
      throw new S3Error(500, "InternalError", message, { cause: error });
    }
  }
}

async function eventsOf({ write, result, bytes, path, upstream }: FinishedWrite): Promise<BucketEvent[]> {
  const { action, bucket, copySource } = write;
  const common = { account: "local", bucket, eventTime: new Date().toISOString() };
  if (action === "DeleteObject" || action === "DeleteObjects")
    return deletedKeys(write, result).map((key) => ({ ...common, action: "DeleteObject", object: { key } }));
  const eTag = writtenETag(result);
  const version =
    action === "PutObject" && eTag !== undefined
      ? { size: bytes, eTag }
      : await currentVersion(upstream, path);
  // Removed since: the removal sends its own event, and this one would name a version that is nowhere.
  if (version === null) return [];
  const object = { key: write.key, ...version };
  return [{ ...common, action, object, ...(copySource === undefined ? {} : { copySource }) }];
}

/** Size in bytes and eTag of the object as it is now, or null where there is none. */
async function currentVersion(
  upstream: Upstream,
  path: string,
): Promise<{ size: number; eTag: string } | null> {
  const head = await upstream({ method: "HEAD", path, query: new URLSearchParams(), headers: new Map() });
  head.resume();
  if (head.statusCode === 404) return null;
  const eTag = head.headers.etag?.replace(/^"|"$/g, "");
  if (head.statusCode !== 200 || eTag === undefined)
    throw new S3Error(
      500,
      "InternalError",
      `The local R2 answered ${head.statusCode} about the new object, wanted 200 and its eTag`,
    );
  return { size: Number(head.headers["content-length"]), eTag };
}
