import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { S3Credentials } from "../../scripts/dev/s3/sigv4.ts";

class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    if (secret === undefined) this.#hash = createHash("sha256");
    else if (secret instanceof ArrayBuffer) this.#hash = createHmac("sha256", Buffer.from(secret));
    else if (typeof secret === "string") this.#hash = createHmac("sha256", secret);
    else this.#hash = createHmac("sha256", Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength));
  }

  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }

  reset(): void {
    throw new Error("The signer asked to reset a hash, wanted one per digest");
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }
}

/** The AWS SDK's own signer, set up as its S3 client sets it up. */
export function sdkSigner(credentials: S3Credentials): SignatureV4 {
  return new SignatureV4({
    credentials,
    region: "auto",
    service: "s3",
    sha256: Sha256,
    uriEscapePath: false,
    applyChecksum: true,
  });
}
