/** What the example needs of an email. */
export interface Email {
  subject: string;
  body: string;
  /** True where `body` is HTML source, because the email carries no plain text. */
  html: boolean;
}

interface Part {
  headers: Map<string, string>;
  body: string;
}

/** Attachments and nesting bombs are no use here: real emails nest two or three deep. */
const MAX_DEPTH = 5;

/**
 * Reads one raw email (RFC 822 with MIME, optionally with an mbox `From ` line): its decoded subject and the text of
 * its first plain-text part, or of its first HTML part where there is no plain text.
 *
 * Returns null where it carries neither: an email that is only an attachment.
 */
export function readEmail(raw: Uint8Array): Email | null {
  // Latin-1 keeps one character per byte, so that each part can be decoded later by the charset it declares.
  const source = Buffer.from(raw)
    .toString("latin1")
    .replace(/\r\n?/g, "\n")
    .replace(/^From [^\n]*\n/, "");
  const part = splitHeaders(source);
  const subject = decodeWords(part.headers.get("subject") ?? "");
  const found = { plain: findText(part, "text/plain", 0), html: findText(part, "text/html", 0) };
  if (found.plain !== null && found.plain.trim() !== "") return { subject, body: found.plain, html: false };
  return found.html === null ? null : { subject, body: found.html, html: true };
}

function splitHeaders(source: string): Part {
  const end = source.search(/\n\n/);
  const head = end < 0 ? source : source.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.replace(/\n[ \t]+/g, " ").split("\n")) {
    const match = /^([\w-]+):\s*(.*)$/.exec(line);
    if (match === null) continue;
    const name = match[1]!.toLowerCase();
    if (!headers.has(name)) headers.set(name, match[2]!);
  }
  return { headers, body: end < 0 ? "" : source.slice(end + 2) };
}

function findText(part: Part, wanted: "text/plain" | "text/html", depth: number): string | null {
  const type = part.headers.get("content-type") ?? "text/plain";
  const kind = /^[^;\s]+/.exec(type)?.[0].toLowerCase() ?? "text/plain";
  if (kind.startsWith("multipart/")) {
    const boundary = parameter(type, "boundary");
    if (boundary === null || depth === MAX_DEPTH) return null;
    for (const child of part.body.split(`--${boundary}`).slice(1)) {
      if (child.startsWith("--")) break;
      const text = findText(splitHeaders(child.replace(/^[ \t]*\n/, "")), wanted, depth + 1);
      if (text !== null && text.trim() !== "") return text;
    }
    return null;
  }
  // Senders of 2002 often wrote "text" or nothing at all for plain text.
  const actual = kind === "text" ? "text/plain" : kind;
  if (actual !== wanted || /^attachment/i.test(part.headers.get("content-disposition") ?? "")) return null;
  const bytes = decodeTransfer(part.body, part.headers.get("content-transfer-encoding") ?? "");
  return decodeCharset(bytes, parameter(type, "charset"));
}

function parameter(header: string, name: string): string | null {
  const match = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^;\\s]+))`, "i").exec(header);
  return match === null ? null : (match[1] ?? match[2] ?? null);
}

function decodeTransfer(body: string, encoding: string): Buffer {
  switch (encoding.trim().toLowerCase()) {
    case "base64":
      return Buffer.from(body, "base64");
    case "quoted-printable":
      return quotedPrintable(body.replace(/[ \t]*=[ \t]*\n/g, ""));
    default:
      return Buffer.from(body, "latin1");
  }
}

function quotedPrintable(text: string): Buffer {
  const decoded = text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(decoded, "latin1");
}

function decodeCharset(bytes: Uint8Array, charset: string | null): string {
  const label = charset?.trim().toLowerCase() ?? "us-ascii";
  try {
    return new TextDecoder(label).decode(bytes);
  } catch (error) {
    // The corpus names charsets that no decoder knows ("default_charset"); windows-1252 reads every byte.
    if (!(error instanceof RangeError)) throw error;
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Decodes `=?charset?B|Q?...?=` words of a header (RFC 2047). */
function decodeWords(header: string): string {
  return header
    .replace(/(\?=)\s+(?==\?)/g, "$1")
    .replace(/=\?([^?]+)\?([bq])\?([^?]*)\?=/gi, (_, charset: string, encoding: string, text: string) => {
      const bytes =
        encoding.toLowerCase() === "b"
          ? Buffer.from(text, "base64")
          : quotedPrintable(text.replaceAll("_", " "));
      return decodeCharset(bytes, charset);
    });
}
