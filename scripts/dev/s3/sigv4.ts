/**
 * AWS Signature Version 4, as far as S3 needs it: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * S3's two peculiarities: the path is signed as it was sent (encoded once), and the payload's hash may be a word such as
 * `UNSIGNED-PAYLOAD`.
 */
import { createHash, createHmac } from "node:crypto";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What a signature is bound to besides the request: `<date>/<region>/<service>/aws4_request`. */
export interface CredentialScope {
  /** `YYYYMMDD` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export interface RequestToSign {
  readonly method: string;
  /** Percent-encoded, exactly as it goes over the wire. */
  readonly path: string;
  /** Without `X-Amz-Signature`. */
  readonly query: URLSearchParams;
  /** Values by lower-case name; a signed header that is missing here counts as empty. */
  readonly headers: ReadonlyMap<string, string>;
  /** Lower-case names, sorted. */
  readonly signedHeaders: readonly string[];
  /** The body's SHA-256 in hex, or the word that `x-amz-content-sha256` carries. */
  readonly payloadHash: string;
  /** `YYYYMMDDTHHMMSSZ` */
  readonly amzDate: string;
}

/** The signature of a request, in hex. */
export function signature(request: RequestToSign, scope: CredentialScope, secretAccessKey: string): string {
  const toSign = [ALGORITHM, request.amzDate, scopeText(scope), sha256(canonicalRequest(request))].join("\n");
  return hmac(signingKey(scope, secretAccessKey), toSign).toString("hex");
}

/** The text whose hash is signed. */
export function canonicalRequest(request: RequestToSign): string {
  const headers = request.signedHeaders.map((name) => `${name}:${tidy(request.headers.get(name) ?? "")}\n`);
  return [
    request.method,
    request.path,
    canonicalQuery(request.query),
    headers.join(""),
    request.signedHeaders.join(";"),
    request.payloadHash,
  ].join("\n");
}

/** The value of the `authorization` header for a request. */
export function authorization(
  request: RequestToSign,
  scope: CredentialScope,
  credentials: S3Credentials,
): string {
  return (
    `${ALGORITHM} Credential=${credentials.accessKeyId}/${scopeText(scope)}, ` +
    `SignedHeaders=${request.signedHeaders.join(";")}, ` +
    `Signature=${signature(request, scope, credentials.secretAccessKey)}`
  );
}

/** A time as `YYYYMMDDTHHMMSSZ`. */
export function toAmzDate(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d{3}/g, "");
}

/** The time that `YYYYMMDDTHHMMSSZ` names, or null where the text is anything else. */
export function fromAmzDate(text: string): Date | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time.getTime()) ? null : time;
}

function canonicalQuery(query: URLSearchParams): string {
  const pairs = [...query].map(([name, value]) => ({ name: uriEncode(name), value: uriEncode(value) }));
  return pairs
    .toSorted((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** `encodeURIComponent` leaves five characters alone that AWS wants encoded. */
function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function tidy(value: string): string {
  return value.trim().replace(/\s+/g, " ");
}

function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

function signingKey(scope: CredentialScope, secretAccessKey: string): Buffer {
  const parts = [scope.date, scope.region, scope.service, "aws4_request"];
  return parts.reduce((key: Buffer, part) => hmac(key, part), Buffer.from(`AWS4${secretAccessKey}`));
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
