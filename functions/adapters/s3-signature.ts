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
  const amzDate = time.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const scope = `${amzDate.slice(0, 8)}/${account.region}/s3/aws4_request`;
  const headers = new Headers(given);
  headers.set("x-amz-date", amzDate);
  headers.set("x-amz-content-sha256", PAYLOAD);
  const signed: [string, string][] = [
    ["host", url.host],
    ["x-amz-content-sha256", PAYLOAD],
    ["x-amz-date", amzDate],
  ];
  const names = signed.map(([name]) => name).join(";");
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join("&");
  const path = url.pathname.replaceAll(/[!'()*]/g, encode);
  const canonical = [
    method,
    path,
    query,
    ...signed.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    PAYLOAD,
  ];
  const toSign = [ALGORITHM, amzDate, scope, await sha256Hex(canonical.join("\n"))].join("\n");
  let key: Uint8Array<ArrayBuffer> = Uint8Array.from(
    new TextEncoder().encode(`AWS4${account.secretAccessKey}`),
  );
  for (const part of scope.split("/")) key = await hmac(key, part);
  const signature = Array.from(await hmac(key, toSign), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
  const credential = `${account.accessKeyId}/${scope}`;
  headers.set(
    "authorization",
    `${ALGORITHM} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  );
  return headers;
}

function encode(text: string): string {
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
