/** Speaks to the S3 API of wrangler's local R2, which lives under a path of its own and wants it signed. */
import { Agent, request, type IncomingMessage } from "node:http";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { S3Error } from "./error.ts";
import { UNSIGNED_PAYLOAD, authorization, toAmzDate, type S3Credentials } from "./sigv4.ts";

const PREFIX = "/cdn-cgi/local/r2/s3";
const SIGNED_HEADERS = ["host", "x-amz-content-sha256", "x-amz-date"];

export interface UpstreamRequest {
  readonly method: string;
  /** Percent-encoded, path style: `/<bucket>/<key>`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: ReadonlyMap<string, string>;
  /** Where the body comes from, and what it goes through on its way. */
  readonly body?: { readonly source: Readable; readonly stages: readonly Transform[] };
}

export type Upstream = (request: UpstreamRequest) => Promise<IncomingMessage>;

/**
 * A function that signs a request with `credentials` and sends it to the R2 of the wrangler at `origin`.
 *
 * It throws `S3Error`: 400 for a path that a URL cannot hold, 503 where wrangler does not answer, and what a stage of the
 * body throws; the source is left intact then, so that its sender can be answered.
 */
export function connectUpstream(origin: string, credentials: S3Credentials): Upstream {
  // wrangler drops its connections when it reloads, and an upload cannot be sent twice: so a connection serves once.
  const agent = new Agent({ keepAlive: false });
  return async ({ method, path, query, headers, body }) => {
    const url = upstreamUrl(origin, path);
    const host = headers.get("host") ?? url.host;
    const now = toAmzDate(new Date());
    const signed = new Map([
      ...headers,
      ["host", host],
      ["x-amz-content-sha256", UNSIGNED_PAYLOAD],
      ["x-amz-date", now],
    ]);
    const toSign = {
      method,
      path: url.pathname,
      query,
      headers: signed,
      signedHeaders: SIGNED_HEADERS,
      payloadHash: UNSIGNED_PAYLOAD,
      amzDate: now,
    };
    signed.set(
      "authorization",
      authorization(toSign, { date: now.slice(0, 8), region: "auto", service: "s3" }, credentials),
    );
    const search = query.size === 0 ? "" : `?${query.toString()}`;
    const sent = request(url, {
      method,
      agent,
      headers: Object.fromEntries(signed),
      path: url.pathname + search,
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.once("response", resolve);
      sent.once("error", (error) =>
        reject(
          new S3Error(
            503,
            "ServiceUnavailable",
            `The local R2 at "${origin}" did not answer: ${error.message}`,
            { cause: error },
          ),
        ),
      );
    });
    if (body === undefined) {
      sent.end();
      return answered;
    }
    const uploaded = pipeline([borrowed(body.source), ...body.stages, sent]).then(
      () => answered,
      (error: unknown) => {
        if (error instanceof S3Error) throw error;
        return answered;
      },
    );
    // Whichever comes first: R2 may refuse a body that it has not read to the end.
    return Promise.race([answered, uploaded]);
  };
}

/** The bytes of a stream, which stays open where their reader fails: a pipeline would destroy it, and its socket. */
function borrowed(source: Readable): Readable {
  return Readable.from({ [Symbol.asyncIterator]: () => source.iterator({ destroyOnReturn: false }) });
}

function upstreamUrl(origin: string, path: string): URL {
  const url = new URL(PREFIX + path, origin);
  // A URL swallows "." and "..": such a key would reach another object, or leave the bucket altogether.
  if (decodePath(url.pathname) !== decodePath(PREFIX + path))
    throw new S3Error(
      400,
      "InvalidURI",
      `The path is "${path}", wanted one without "." or ".." between slashes`,
    );
  return url;
}

/** The text behind a percent-encoded path; throws `S3Error` where it is not UTF-8. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new S3Error(400, "InvalidURI", `The path is "${path}", wanted UTF-8 in percent-encoding`, {
      cause: error,
    });
  }
}
