/** Who sent an S3 request: checks its signature, in the `authorization` header or in a presigned URL. */
import { timingSafeEqual } from "node:crypto";
import { S3Error } from "./error.ts";
import {
  ALGORITHM,
  UNSIGNED_PAYLOAD,
  fromAmzDate,
  signature,
  type CredentialScope,
  type RequestToSign,
  type S3Credentials,
} from "./sigv4.ts";

/** S3's own limits. */
const MAX_SKEW_MS = 15 * 60 * 1000;
const MAX_EXPIRES_S = 7 * 24 * 60 * 60;

const PRESIGNED_FIELDS = ["Algorithm", "Content-Sha256", "Credential", "Date", "Expires", "SignedHeaders"];

export type ReceivedRequest = Pick<RequestToSign, "method" | "path" | "query" | "headers">;

export interface Authenticated {
  /** What the client says of its body: a SHA-256 in hex, or a word such as `UNSIGNED-PAYLOAD`. */
  readonly payloadHash: string;
  /** The query without the fields of a presigned URL. */
  readonly query: URLSearchParams;
}

interface Claim {
  readonly credential: string;
  readonly signedHeaders: string;
  readonly signature: string;
  readonly amzDate: string;
  readonly payloadHash: string;
  readonly query: URLSearchParams;
}

/**
 * Checks that a request was signed with these credentials.
 *
 * Throws `S3Error`: 403 where the signature is missing, wrong, or too old; 400 where it cannot be read.
 */
export function authenticate(request: ReceivedRequest, credentials: S3Credentials, now: Date): Authenticated {
  const header = request.headers.get("authorization");
  const presigned = request.query.has("X-Amz-Signature");
  if (header === undefined && !presigned)
    throw new S3Error(
      403,
      "AccessDenied",
      "The request carries no signature, wanted an authorization header",
    );
  const claim = header === undefined ? presignedClaim(request, now) : headerClaim(request, header, now);
  verify(request, claim, credentials);
  const query = new URLSearchParams(claim.query);
  if (header === undefined) for (const field of PRESIGNED_FIELDS) query.delete(`X-Amz-${field}`);
  return { payloadHash: claim.payloadHash, query };
}

function headerClaim(request: ReceivedRequest, header: string, now: Date): Claim {
  const fields = new Map(
    header
      .slice(ALGORITHM.length)
      .split(",")
      .map((field) => field.trim().split(/=(.*)/s, 2) as [string, string]),
  );
  const [credential, signedHeaders, given] = ["Credential", "SignedHeaders", "Signature"].map((f) =>
    fields.get(f),
  );
  if (!header.startsWith(`${ALGORITHM} `) || !credential || !signedHeaders || !given)
    throw new S3Error(
      400,
      "AuthorizationHeaderMalformed",
      `The authorization header is malformed, wanted "${ALGORITHM} Credential=..., SignedHeaders=..., Signature=..."`,
    );
  const payloadHash = request.headers.get("x-amz-content-sha256");
  if (payloadHash === undefined)
    throw new S3Error(400, "InvalidRequest", 'The header "x-amz-content-sha256" is missing');
  const amzDate = request.headers.get("x-amz-date") ?? "";
  const time = readDate(amzDate);
  if (Math.abs(now.getTime() - time.getTime()) > MAX_SKEW_MS)
    throw new S3Error(
      403,
      "RequestTimeTooSkewed",
      `The request was signed at "${amzDate}", wanted a time within 15 minutes of now`,
    );
  return { credential, signedHeaders, signature: given, amzDate, payloadHash, query: request.query };
}

function presignedClaim(request: ReceivedRequest, now: Date): Claim {
  const field = (name: string) => request.query.get(`X-Amz-${name}`) ?? "";
  if (field("Algorithm") !== ALGORITHM)
    throw new S3Error(
      400,
      "AuthorizationQueryParametersError",
      `X-Amz-Algorithm is "${field("Algorithm")}", wanted "${ALGORITHM}"`,
    );
  const expires = Number(field("Expires") || Number.NaN);
  if (!(expires >= 1 && expires <= MAX_EXPIRES_S))
    throw new S3Error(
      400,
      "AuthorizationQueryParametersError",
      `X-Amz-Expires is "${field("Expires")}", wanted 1 to ${MAX_EXPIRES_S} seconds`,
    );
  const start = readDate(field("Date")).getTime();
  if (now.getTime() > start + expires * 1000) throw new S3Error(403, "AccessDenied", "Request has expired");
  if (start > now.getTime() + MAX_SKEW_MS) throw new S3Error(403, "AccessDenied", "Request is not yet valid");
  const query = new URLSearchParams(request.query);
  query.delete("X-Amz-Signature");
  return {
    credential: field("Credential"),
    signedHeaders: field("SignedHeaders"),
    signature: field("Signature"),
    amzDate: field("Date"),
    // A presigned URL may carry the hash that its maker signed; nearly all leave the body open.
    payloadHash: request.query.get("X-Amz-Content-Sha256") ?? UNSIGNED_PAYLOAD,
    query,
  };
}

function verify(request: ReceivedRequest, claim: Claim, credentials: S3Credentials): void {
  const [accessKeyId, scope] = readCredential(claim.credential);
  if (accessKeyId !== credentials.accessKeyId)
    throw new S3Error(403, "InvalidAccessKeyId", `The access key "${accessKeyId}" is not known here`);
  const signedHeaders = claim.signedHeaders.split(";");
  if (!signedHeaders.includes("host") || !claim.amzDate.startsWith(scope.date))
    throw new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The signature must cover the host header and the day of its date",
    );
  const expected = signature({ ...request, ...claim, signedHeaders }, scope, credentials.secretAccessKey);
  const [wanted, found] = [Buffer.from(expected), Buffer.from(claim.signature)];
  if (wanted.length !== found.length || !timingSafeEqual(wanted, found))
    throw new S3Error(
      403,
      "SignatureDoesNotMatch",
      "The request signature we calculated does not match the signature you provided. Check your secret access key and signing method",
    );
}

function readDate(text: string): Date {
  const time = fromAmzDate(text);
  if (time === null) throw new S3Error(403, "AccessDenied", `The date is "${text}", wanted YYYYMMDDTHHMMSSZ`);
  return time;
}

function readCredential(text: string): [string, CredentialScope] {
  const parts = text.split("/");
  const [date = "", region = "", service = "", end = ""] = parts.slice(-4);
  if (parts.length < 5 || service !== "s3" || end !== "aws4_request")
    throw new S3Error(
      400,
      "AuthorizationHeaderMalformed",
      `The credential is "${text}", wanted "<access key>/<date>/<region>/s3/aws4_request"`,
    );
  return [parts.slice(0, -4).join("/"), { date, region, service }];
}
