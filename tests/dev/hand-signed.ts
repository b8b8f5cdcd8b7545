import { request, type ClientRequest } from "node:http";
import {
  authorization,
  toAmzDate,
  type RequestToSign,
  type S3Credentials,
} from "../../scripts/dev/s3/sigv4.ts";

export interface HandSigned {
  readonly method: string;
  readonly path: string;
  readonly payloadHash: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens a signed request whose body is the caller's: for what the SDK would never send. */
export function openSigned(endpoint: string, credentials: S3Credentials, wanted: HandSigned): ClientRequest {
  const { method, path, payloadHash } = wanted;
  const amzDate = toAmzDate(new Date());
  const toSign: RequestToSign = {
    method,
    path,
    query: new URLSearchParams(),
    headers: new Map([
      ["host", new URL(endpoint).host],
      ["x-amz-content-sha256", payloadHash],
      ["x-amz-date", amzDate],
    ]),
    signedHeaders: ["host", "x-amz-content-sha256", "x-amz-date"],
    payloadHash,
    amzDate,
  };
  const scope = { date: amzDate.slice(0, 8), region: "auto", service: "s3" };
  const headers = { ...Object.fromEntries(toSign.headers), ...wanted.headers };
  // The path is given apart, since a URL would tidy it up.
  return request(endpoint, {
    method,
    path,
    headers: { ...headers, authorization: authorization(toSign, scope, credentials) },
  });
}

/** Sends a signed request and reads its answer. */
export function sendSigned(
  endpoint: string,
  credentials: S3Credentials,
  wanted: HandSigned,
  body: string,
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = openSigned(endpoint, credentials, wanted);
    sent.once("error", reject);
    sent.once("response", (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.once("end", () => resolve({ status: answer.statusCode, text }));
    });
    sent.end(body);
  });
}
