/** Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */

const PREFIX = "whsec_";
const SECRET_BYTES = 24;

/** A new signing secret: `whsec_` and base64. */
export function newSecret(): string {
  return PREFIX + btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(SECRET_BYTES))));
}

/** The headers that say who sent a message and when; one signature for each secret, so that a rotation loses none. */
export async function signedHeaders(
  secrets: readonly string[],
  messageId: string,
  timestampSeconds: number,
  body: string,
): Promise<Record<string, string>> {
  const content = `${messageId}.${timestampSeconds}.${body}`;
  const signatures = await Promise.all(secrets.map(async (secret) => `v1,${await hmac(secret, content)}`));
  return {
    "webhook-id": messageId,
    "webhook-timestamp": String(timestampSeconds),
    "webhook-signature": signatures.join(" "),
  };
}

/** Clocks of sender and receiver may differ by this; what is older was recorded and is played back. In seconds. */
const TOLERANCE_SECONDS = 300;

/** What comes with a signed message. */
export interface SignedMessage {
  readonly id: string;
  readonly timestamp: string;
  /** One signature or several, with spaces between them. */
  readonly signature: string;
  readonly body: string;
}

/** Whether one of the secrets signed the message, within five minutes of now. Takes as long whatever is wrong. */
export async function isSigned(
  secrets: readonly string[],
  { id, timestamp, signature, body }: SignedMessage,
  nowSeconds: number,
): Promise<boolean> {
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS)
    return false;
  const content = new TextEncoder().encode(`${id}.${timestamp}.${body}`);
  const signatures = signature.split(" ").flatMap((one) => {
    const [version, text] = one.split(",");
    const bytes = version === "v1" && text !== undefined ? fromBase64(text) : null;
    return bytes ?? [];
  });
  const checks = secrets.flatMap((secret) =>
    signatures.map(async (bytes) =>
      crypto.subtle.verify("HMAC", await keyOf(secret, "verify"), bytes, content),
    ),
  );
  return (await Promise.all(checks)).includes(true);
}

async function hmac(secret: string, content: string): Promise<string> {
  const key = await keyOf(secret, "sign");
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(content));
  return btoa(String.fromCharCode(...new Uint8Array(signature)));
}

function keyOf(secret: string, usage: "sign" | "verify"): Promise<CryptoKey> {
  const bytes = fromBase64(secret.slice(PREFIX.length));
  if (!secret.startsWith(PREFIX) || !bytes) throw new TypeError(`A signing secret is "${PREFIX}" and base64`);
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, [usage]);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    // A signature that is no base64 is a wrong one.
    return null;
  }
}
