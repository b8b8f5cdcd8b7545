/**
 * The bucket's S3 API on this machine: `http://127.0.0.1:<port>/<bucket>/<key>`, in front of wrangler's local R2, which
 * speaks S3 under a path of its own and sends no event notifications. This endpoint does both: a clean path, and events.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { PortInUseError } from "../port-in-use-error.ts";
import { authenticate } from "./auth.ts";
import { S3Error } from "./error.ts";
import { emitEvents } from "./emit.ts";
import { writeOf, type BucketEvent } from "./events.ts";
import { forward, readRequest } from "./request.ts";
import { connectUpstream, type Upstream } from "./upstream.ts";
import type { S3Credentials } from "./sigv4.ts";

export type { BucketEvent } from "./events.ts";

export interface S3EndpointOptions {
  /** 0 picks a free one. */
  readonly port: number;
  /** Where wrangler listens, such as `http://127.0.0.1:8787`. */
  readonly upstream: string;
  /** Those of the bucket's `local_dev.experimental_s3_credentials`. */
  readonly credentials: S3Credentials;
  /**
   * Delivers an event. The client gets its answer only when this has settled, and status 500 where it failed: so no
   * acknowledged write lacks its event, and the client's SDK tries again. Must end in time by itself.
   */
  readonly onEvent: (event: BucketEvent) => void | Promise<void>;
}

export interface S3Endpoint {
  readonly url: string;
  /** Stops listening and ends once the requests under way have, or after two seconds. */
  close(): Promise<void>;
}

const NOT_PASSED_BACK = new Set(["connection", "keep-alive", "transfer-encoding"]);
const CLOSE_AFTER_MS = 2000;

/**
 * Starts the endpoint.
 *
 *     const endpoint = await startS3Endpoint({ port: 8788, upstream: "http://127.0.0.1:8787", credentials, onEvent });
 *
 * Throws `PortInUseError` where another program listens on the port.
 */
export async function startS3Endpoint(options: S3EndpointOptions): Promise<S3Endpoint> {
  const upstream = connectUpstream(options.upstream, options.credentials);
  const server = createServer((incoming, response) => {
    serve(incoming, response, options, upstream).catch((error: unknown) => refuse(incoming, response, error));
  });
  // Longer than clients keep a connection, so that none of them sends a request into one that is being closed.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE" ? new PortInUseError(options.port, "the S3 endpoint", error) : error,
      );
    });
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), CLOSE_AFTER_MS);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

async function serve(
  incoming: IncomingMessage,
  response: ServerResponse,
  options: S3EndpointOptions,
  upstream: Upstream,
): Promise<void> {
  if (incoming.method === "OPTIONS") {
    response.writeHead(204, {
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "GET, HEAD, PUT, POST, DELETE",
      "access-control-allow-headers": incoming.headers["access-control-request-headers"] ?? "*",
    });
    response.end();
    return;
  }
  const request = readRequest(incoming);
  const identity = authenticate(request, options.credentials, new Date());
  const forwarded = forward(request, identity, incoming);
  const answer = await upstream(forwarded.request);
  const headers = Object.entries(answer.headers).filter(([name]) => !NOT_PASSED_BACK.has(name));
  const write = writeOf({ ...request, query: identity.query });
  if (write === null) {
    response.writeHead(answer.statusCode ?? 502, Object.fromEntries(headers));
    await pipeline(answer, response);
    return;
  }
  const result = { status: answer.statusCode ?? 502, eTag: answer.headers.etag, body: await text(answer) };
  await emitEvents({
    write,
    result,
    bytes: forwarded.bytes(),
    path: request.path,
    upstream,
    onEvent: options.onEvent,
  });
  const body = withLocation(result.body, `http://${incoming.headers.host}${request.path}`);
  response.writeHead(
    result.status,
    Object.fromEntries(headers.filter(([name]) => name !== "content-length")),
  );
  response.end(body);
}

/** CompleteMultipartUpload answers with the object's address, which wrangler gives under its own path. */
function withLocation(xml: string, location: string): string {
  const escaped = location.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return xml.replace(/<Location>[^<]*<\/Location>/, () => `<Location>${escaped}</Location>`);
}

function refuse(incoming: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    // The client is gone, or has half an answer already: an end without its last bytes is all that can be said.
    response.destroy();
    return;
  }
  const refusal =
    error instanceof S3Error
      ? error
      : new S3Error(500, "InternalError", error instanceof Error ? error.message : String(error));
  const body = incoming.method === "HEAD" ? "" : refusal.toXml();
  response.writeHead(refusal.status, {
    "content-type": "application/xml",
    "access-control-allow-origin": "*",
    // What is left of the request's body is not read.
    ...(incoming.complete ? {} : { connection: "close" }),
  });
  response.end(body);
}
