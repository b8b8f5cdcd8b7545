import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { authenticate } from "../../scripts/dev/s3/auth.ts";
import { S3Error } from "../../scripts/dev/s3/error.ts";
import { authorization, fromAmzDate, toAmzDate } from "../../scripts/dev/s3/sigv4.ts";
import { sdkSigner } from "./sdk-signer.ts";

const credentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const now = new Date("2026-11-01T12:34:56Z");

const sdk = sdkSigner(credentials);

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function sdkRequest(
  method: string,
  key: string,
  query: Record<string, string>,
  headers: Record<string, string>,
) {
  const path = `/foreword/${key.split("/").map(encode).join("/")}`;
  return { method, protocol: "http:", hostname: "127.0.0.1", port: 8788, path, query, headers };
}

type SdkRequest = ReturnType<typeof sdkRequest>;
type Signed = { method: string; path: string; headers: Record<string, string>; query?: unknown };

function received(signed: Signed) {
  const headers = Object.entries(signed.headers).map(([name, value]): [string, string] => [
    name.toLowerCase(),
    value,
  ]);
  const query = new URLSearchParams(signed.query as Record<string, string>);
  return { method: signed.method, path: signed.path, query, headers: new Map(headers) };
}

/** Keys as S3 allows them; lone surrogates are no text. */
const keys = fc.string({ unit: "binary", minLength: 1, maxLength: 40 }).filter((key) => key.isWellFormed());
const values = fc.dictionary(fc.stringMatching(/^[a-z-]{1,8}$/), fc.string({ maxLength: 12 }), {
  maxKeys: 4,
});
const headerValues = fc.stringMatching(/^[!-~]( {0,3}[!-~]){0,20}$/);

describe("signature version 4", () => {
  it("gives the SDK's authorization header, whatever the key, query and headers", async () => {
    await fc.assert(
      fc.asyncProperty(keys, values, headerValues, async (key, query, meta) => {
        const hash = "UNSIGNED-PAYLOAD";
        const headers = { host: "127.0.0.1:8788", "x-amz-content-sha256": hash, "x-amz-meta-note": meta };
        const request: SdkRequest = sdkRequest("PUT", key, query, headers);
        const signed = await sdk.sign(request, { signingDate: now });
        const ours = received(signed);
        const toSign = {
          ...ours,
          signedHeaders: Object.keys(signed.headers)
            .map((name) => name.toLowerCase())
            .filter((name) => name !== "authorization")
            .toSorted(),
          payloadHash: hash,
          amzDate: toAmzDate(now),
        };
        expect(authorization(toSign, { date: "20261101", region: "auto", service: "s3" }, credentials)).toBe(
          signed.headers["authorization"],
        );
        expect(authenticate(ours, credentials, now).payloadHash).toBe(hash);
      }),
      { numRuns: 200 },
    );
  });

  it("accepts the SDK's presigned URLs until they expire", async () => {
    // Told so as S3's presigner tells it: the SDK would else sign the hash of an empty body.
    const headers = { host: "127.0.0.1:8788", "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD" };
    const signed = await sdk.presign(sdkRequest("GET", "a b+ü/x.jsonl", { versionId: "1" }, headers), {
      signingDate: now,
      expiresIn: 60,
      unsignableHeaders: new Set(["x-amz-content-sha256"]),
    });
    const ours = received(signed);
    expect([...authenticate(ours, credentials, now).query.keys()]).toEqual(["versionId"]);
    const late = new Date(now.getTime() + 61_000);
    expect(() => authenticate(ours, credentials, late)).toThrow("Request has expired");
  });

  it("reads back the dates it writes, and nothing else", () => {
    expect(fromAmzDate(toAmzDate(now))).toEqual(now);
    for (const text of ["", "2026-11-01T12:34:56Z", "20261301T000000Z", "20261101T123456"])
      expect(fromAmzDate(text)).toBeNull();
  });
});

describe("authenticate", () => {
  async function signedRequest() {
    const headers = { host: "127.0.0.1:8788", "x-amz-content-sha256": "UNSIGNED-PAYLOAD" };
    return received(await sdk.sign(sdkRequest("PUT", "key", { a: "1" }, headers), { signingDate: now }));
  }

  function codeOf(run: () => unknown): string {
    try {
      run();
    } catch (error) {
      if (error instanceof S3Error) return `${error.status} ${error.code}`;
      throw error;
    }
    return "accepted";
  }

  it("refuses a request that was changed on its way", async () => {
    const good = await signedRequest();
    const without = (name: string) => new Map([...good.headers].filter(([header]) => header !== name));
    const cases: [string, () => unknown][] = [
      ["accepted", () => authenticate(good, credentials, now)],
      ["403 SignatureDoesNotMatch", () => authenticate({ ...good, method: "DELETE" }, credentials, now)],
      [
        "403 SignatureDoesNotMatch",
        () => authenticate({ ...good, path: "/foreword/other" }, credentials, now),
      ],
      [
        "403 SignatureDoesNotMatch",
        () => authenticate({ ...good, query: new URLSearchParams("a=2") }, credentials, now),
      ],
      [
        "403 SignatureDoesNotMatch",
        () => authenticate(good, { ...credentials, secretAccessKey: "wrong" }, now),
      ],
      ["403 InvalidAccessKeyId", () => authenticate(good, { ...credentials, accessKeyId: "other" }, now)],
      [
        "403 RequestTimeTooSkewed",
        () => authenticate(good, credentials, new Date(now.getTime() + 16 * 60_000)),
      ],
      [
        "403 AccessDenied",
        () => authenticate({ ...good, headers: without("authorization") }, credentials, now),
      ],
      [
        "400 InvalidRequest",
        () => authenticate({ ...good, headers: without("x-amz-content-sha256") }, credentials, now),
      ],
      ["403 AccessDenied", () => authenticate({ ...good, headers: without("x-amz-date") }, credentials, now)],
      [
        "400 AuthorizationHeaderMalformed",
        () => authenticate({ ...good, headers: new Map([["authorization", "Bearer x"]]) }, credentials, now),
      ],
    ];
    expect(cases.map(([, run]) => codeOf(run))).toEqual(cases.map(([code]) => code));
  });
});
