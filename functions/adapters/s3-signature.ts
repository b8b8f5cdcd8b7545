import { sha256Hex } from "../../shared/sha256.ts";

export interface S3Account {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
}

/** Bodies are not hashed: the connection protects them, and a stream could not be read twice. */
const PAYLOAD = "UNSIGNED-PAYLOAD";
const ALGORITHM = "AWS4-HMAC-SHA256";

/**
 * A request's headers with its AWS Signature Version 4 among them:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export async function signedHeaders(
  account: S3Account,
  method: string,
  url: URL,
  given: Headers,
  time: Date,
): Promise<Headers> {
  const { amzDate, credential, scope } = scopeOf(account, time);
  const headers = new Headers(given);
  headers.set("x-amz-date", amzDate);
  headers.set("x-amz-content-sha256", PAYLOAD);
  const signed: [string, string][] = [
    ["host", url.host],
    ["x-amz-content-sha256", PAYLOAD],
    ["x-amz-date", amzDate],
  ];
  const signature = await sign(account, scope, amzDate, method, url, signed);
  const names = signed.map(([name]) => name).join(";");
  headers.set(
    "authorization",
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  );
  return headers;
}

/**
 * A URL that carries its own signature, for whoever has it to use until it is too old:
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export async function presignedUrl(
  account: S3Account,
  method: string,
  url: URL,
  seconds: number,
  time: Date,
): Promise<string> {
  const { amzDate, credential, scope } = scopeOf(account, time);
  const presigned = new URL(url);
  for (const [name, value] of Object.entries({
    "X-Amz-Algorithm": ALGORITHM,
    "X-Amz-Credential": credential,
    "X-Amz-Date": amzDate,
    "X-Amz-Expires": String(seconds),
    "X-Amz-SignedHeaders": "host",
  }))
    presigned.searchParams.set(name, value);
  const signature = await sign(account, scope, amzDate, method, presigned, [["host", url.host]]);
  presigned.searchParams.set("X-Amz-Signature", signature);
  return presigned.href;
}

function scopeOf({ accessKeyId, region }: S3Account, time: Date) {
  const amzDate = time.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const scope = `${amzDate.slice(0, 8)}/${region}/s3/aws4_request`;
  return { amzDate, scope, credential: `${accessKeyId}/${scope}` };
}

async function sign(
  { secretAccessKey }: S3Account,
  scope: string,
  amzDate: string,
  method: string,
  url: URL,
  signed: readonly (readonly [string, string])[],
): Promise<string> {
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join("&");
  const canonical = [
    method,
    url.pathname,
    query,
    ...signed.map(([name, value]) => `${name}:${value}`),
    "",
    signed.map(([name]) => name).join(";"),
    PAYLOAD,
  ];
  const toSign = [ALGORITHM, amzDate, scope, await sha256Hex(canonical.join("\n"))].join("\n");
  let key: Uint8Array<ArrayBuffer> = Uint8Array.from(new TextEncoder().encode(`AWS4${secretAccessKey}`));
  for (const part of scope.split("/")) key = await hmac(key, part);
  return Array.from(await hmac(key, toSign), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Encodes all but unreserved characters (RFC 3986), as S3 wants what is signed. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, new TextEncoder().encode(text)));
}
