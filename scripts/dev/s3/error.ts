/** A refusal that S3 clients understand: its code and status decide whether they try again. */
export class S3Error extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "S3Error";
    this.status = status;
    this.code = code;
  }

  /** The body that S3 sends with an error. */
  toXml(): string {
    return (
      `<?xml version="1.0" encoding="UTF-8"?>\n` +
      `<Error><Code>${escapeXml(this.code)}</Code><Message>${escapeXml(this.message)}</Message></Error>`
    );
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The text of every `<tag>` in an XML answer of S3, entities resolved. */
export function xmlTexts(xml: string, tag: string): string[] {
  const matches = xml.matchAll(new RegExp(`<${tag}>([^<]*)</${tag}>`, "g"));
  return Array.from(matches, ([, text = ""]) =>
    text.replace(
      /&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi,
      (whole, decimal?: string, hex?: string, name?: string) => {
        if (name !== undefined) return ENTITIES[name] ?? whole;
        return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal));
      },
    ),
  );
}
