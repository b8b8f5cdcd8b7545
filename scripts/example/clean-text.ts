import type { Email } from "./read-email.ts";

const ENTITIES: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  copy: "(c)",
  reg: "(R)",
  trade: "(TM)",
  middot: "-",
  bull: "-",
  ndash: "-",
  mdash: "-",
  hellip: "...",
  lsquo: "'",
  rsquo: "'",
  ldquo: '"',
  rdquo: '"',
};

/** One line of readable text for the subject and one for the body; no HTML, no quoted mail, no personal addresses. */
export function cleanEmail(email: Email): { subject: string; body: string } {
  // Spam often declares HTML as plain text.
  const html = email.html || /<(?:html|body|table|font|center|br|p)\b[^>]*>/i.test(email.body);
  const text = html ? stripHtml(email.body) : ownWords(email.body);
  return { subject: oneLine(withoutPersonalData(email.subject)), body: oneLine(withoutPersonalData(text)) };
}

/** The text of an HTML page: no tags, comments, styles or scripts; entities decoded. */
export function stripHtml(html: string): string {
  return html
    .replace(/<!--[\s\S]*?-->/g, "")
    .replace(/<(style|script|title)\b[\s\S]*?<\/\1\s*>/gi, " ")
    .replace(/<\/?(?:b|i|u|a|em|strong|font|span|tt)\b[^>]*>/gi, "")
    .replace(/<\/?[a-z!][^>]*>/gi, " ")
    .replace(/&#(\d{1,6});|&#x([0-9a-f]{1,5});|&([a-z]+);/gi, (whole, decimal, hex, name) => {
      if (typeof name === "string") return ENTITIES[name.toLowerCase()] ?? whole;
      const code = typeof decimal === "string" ? Number(decimal) : Number.parseInt(String(hex), 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
    });
}

/**
 * What the sender wrote: without quoted lines, the line that introduces them, the signature, a list's footer
 * and PGP's frame.
 */
function ownWords(text: string): string {
  return text
    .replace(/-----BEGIN PGP SIGNED MESSAGE-----\n(?:Hash:.*\n)?/g, "")
    .replace(/-----BEGIN PGP SIGNATURE-----[\s\S]*$/, "")
    .replace(/\n(?:-- ?|_{20,})\n[\s\S]*$/, "")
    .replace(/^[^\n]*\n?[^\n]*\b(?:wrote|writes|said|schrieb)\b[^\n]*:[ \t]*\n(?=\s*[>|])/gim, "")
    .replace(/^[ \t]*(?:\w{0,3}>|\|).*$/gm, "");
}

/**
 * Hides what could reach a person: the local part of an email address, everything of a URL after its host (tracking
 * ids), and telephone numbers. Names in running text stay: the corpus is public.
 */
export function withoutPersonalData(text: string): string {
  return text
    .replace(/\bmailto:/gi, "")
    .replace(/\b(https?:\/\/)(?:[^\s/@]+@)?([\w.-]+)(?::\d+)?(?:[/?#][^\s<>"')\]]*)?/gi, "$1$2")
    .replace(/[\w.+=%-]+@((?:[\w-]+\.)+[a-z]{2,}|localhost)\b/gi, "someone@$1")
    .replace(
      /(?<![\w$.,/])(?!\d{1,3}(?:\.\d{1,3}){3})(?:\+?\d{1,3}[\s.-]{0,3})?(?:\(\d{2,4}\)\s?|\d{2,4}[\s.-]{1,3})\d{3,4}[\s.-]{1,3}\d{3,4}(?!\w)/g,
      "[phone]",
    );
}

/** True for the language of pornographic spam, which an example need not show to everyone who reads it. */
export function isExplicit(text: string): boolean {
  return /porn|\bxxx|\bsex|\bnude|\bnaked|f[u*-]ck|\bcum\b|slut|milf|whore|pussy|\bcocks?\b|penis|erotic|orgasm|horny|\btits?\b|blow ?job|\bcunt|\banal\b|lesbian|hardcore|incest|bestiality|\brap(?:e|ing)\b|\bwebcam/i.test(
    text,
  );
}

/** Collapses whitespace and leaves out what is not text: control and replacement characters, drawn rules. */
function oneLine(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\uFFFD\s]+/gu, " ")
    .replace(/([-=_*~#.+!?])\1{3,}/g, "$1$1$1")
    .trim();
}
