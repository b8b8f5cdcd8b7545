import { ConflictError, UnavailableError } from "../../shared/errors.ts";
import type { ObjectHead, ObjectStore, StoredObject } from "../../shared/ports/object-store.ts";
import { encode, presignedUrl, signedHeaders, type S3Account } from "./s3-signature.ts";

const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 200;
const TIMEOUT_MS = 30_000;

/**
 * The account and bucket that a URL names: `https://<access key id>:<secret>@<endpoint>/<bucket>?region=<region>`, as the
 * trainer is configured. Throws TypeError where the text is no such URL.
 */
export function parseBucketUrl(text: string): { account: S3Account; origin: string; bucket: string } {
  const url = new URL(text);
  const bucket = url.pathname.slice(1);
  if (!url.username || !url.password || !bucket || bucket.includes("/"))
    throw new TypeError(
      "The bucket's URL lacks a key id, a secret or a bucket, or its path has more than that",
    );
  return {
    account: {
      accessKeyId: decodeURIComponent(url.username),
      secretAccessKey: decodeURIComponent(url.password),
      region: url.searchParams.get("region") ?? "auto",
    },
    origin: url.origin,
    bucket,
  };
}

/**
 * Makes URLs to which whoever has one may upload one object, without a key of ours and past this server: the bucket's own S3
 * API checks the signature and takes the bytes.
 */
export function createUploadSigner(
  bucketUrl: string,
  now: () => number = Date.now,
): (key: string, seconds: number) => Promise<string> {
  const { account, origin, bucket } = parseBucketUrl(bucketUrl);
  return async (key, seconds) =>
    presignedUrl(account, "PUT", new URL(`${origin}/${bucket}${pathOf(key)}`), seconds, new Date(now()));
}

/** Any S3-compatible bucket, from the edge. Throws UnavailableError when the store fails or does not answer. */
export function createS3Store(bucketUrl: string, now: () => number = Date.now): ObjectStore {
  const { account, origin, bucket } = parseBucketUrl(bucketUrl);

  const sendOnce = async (method: string, url: URL, init: RequestInit): Promise<Response> => {
    const given = new Headers(init.headers);
    // A compressed answer would not say how long the object is.
    given.set("accept-encoding", "identity");
    const headers = await signedHeaders(account, method, url, given, new Date(now()));
    try {
      return await fetch(url, { ...init, method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) });
    } catch (cause) {
      throw unavailable("bucket_unreachable", new Error(`No answer from "${origin}"`, { cause }));
    }
  };
  /** Tries again, with growing pauses, where the store or the way to it fails. */
  const send = async (method: string, path: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(`${origin}/${bucket}${path}`);
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await sendOnce(method, url, init);
        if (response.status < 500) return response;
        await response.body?.cancel();
        throw unavailable("bucket_unreachable", new Error(`"${origin}" answered ${response.status}`));
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        const pause = FIRST_PAUSE_MS * 2 ** attempt * Math.random();
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  };
  const require2xx = (response: Response, what: string): Response => {
    if (response.ok) return response;
    throw unavailable("bucket_refuses", new Error(`"${origin}" answered ${response.status} to ${what}`));
  };

  return {
    async head(key) {
      const response = await send("HEAD", pathOf(key));
      return response.status === 404 ? null : toHead(key, require2xx(response, "HEAD"));
    },
    async get(key): Promise<StoredObject | null> {
      const response = await send("GET", pathOf(key));
      if (response.status === 404) {
        await response.body?.cancel();
        return null;
      }
      const { body } = require2xx(response, "GET");
      return {
        ...toHead(key, response),
        body: body as ReadableStream<Uint8Array>,
        bytesBody: async () => new Uint8Array(await response.arrayBuffer()),
      };
    },
    async put(key, body, { ifAbsent = false, contentType } = {}) {
      const response = await send("PUT", pathOf(key), {
        body: body as BodyInit,
        headers: {
          ...(ifAbsent ? { "if-none-match": "*" } : {}),
          ...(contentType === undefined ? {} : { "content-type": contentType }),
        },
      });
      await response.body?.cancel();
      if (response.status === 412)
        throw new ConflictError(`Object "${key}" exists already`, { code: "object_exists" });
      return toHead(key, require2xx(response, "PUT")).etag;
    },
    async delete(key) {
      const response = await send("DELETE", pathOf(key));
      await response.body?.cancel();
      if (response.status !== 404) require2xx(response, "DELETE");
    },
    async *list(prefix) {
      let token: string | undefined;
      do {
        const query = new URLSearchParams({ "list-type": "2", prefix });
        if (token !== undefined) query.set("continuation-token", token);
        const xml = await require2xx(await send("GET", `?${query.toString()}`), "a listing").text();
        for (const [, contents = ""] of xml.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
          const etag = textOf(contents, "ETag").replaceAll('"', "");
          yield { key: textOf(contents, "Key"), bytes: Number(textOf(contents, "Size")), etag };
        }
        token = textOf(xml, "NextContinuationToken") || undefined;
      } while (token !== undefined);
    },
  };
}

function unavailable(code: string, cause: Error): UnavailableError {
  return new UnavailableError("The bucket cannot be reached at the moment; try again", { code, cause });
}

/** Each part of a key encoded, the slashes between them not: as S3 wants a path to be signed. */
function pathOf(key: string): string {
  return key
    .split("/")
    .map((part) => `/${encode(part)}`)
    .join("");
}

function toHead(key: string, { headers }: Response): ObjectHead {
  const etag = (headers.get("etag") ?? "").replaceAll('"', "");
  return { key, bytes: Number(headers.get("content-length") ?? 0), etag };
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function textOf(xml: string, element: string): string {
  const text = new RegExp(`<${element}>(.*?)</${element}>`, "s").exec(xml)?.[1] ?? "";
  return text.replaceAll(
    /&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      return String.fromCodePoint(decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal));
    },
  );
}
