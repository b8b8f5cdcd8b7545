/** AES-GCM takes 12 bytes that must never come twice under one key. */
const NONCE_BYTES = 12;

/** Text encrypted under a passphrase, as base64. The passphrase must be a random secret, such as an API key. */
export async function seal(passphrase: string, text: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const key = await deriveKey(passphrase);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, new TextEncoder().encode(text));
  return toBase64(new Uint8Array([...iv, ...new Uint8Array(sealed)]));
}

/** What `seal` made, in the clear again. Throws OperationError when the passphrase is another. */
export async function unseal(passphrase: string, sealed: string): Promise<string> {
  const bytes = Uint8Array.from(atob(sealed), (char) => char.charCodeAt(0));
  const algorithm = { name: "AES-GCM", iv: bytes.subarray(0, NONCE_BYTES) };
  const text = await crypto.subtle.decrypt(
    algorithm,
    await deriveKey(passphrase),
    bytes.subarray(NONCE_BYTES),
  );
  return new TextDecoder().decode(text);
}

async function deriveKey(passphrase: string): Promise<CryptoKey> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(passphrase));
  return crypto.subtle.importKey("raw", digest, "AES-GCM", false, ["encrypt", "decrypt"]);
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
