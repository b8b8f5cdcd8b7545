import { Marked, type Token } from "marked";

export interface Guide {
  /** Of its file and its address. */
  readonly name: string;
  readonly title: string;
  readonly html: string;
}

/** A guide as HTML. Links to other guides stay, those to files of the repository become their text. Throws where it has no title. */
export function renderGuide(name: string, markdown: string): Guide {
  const marked = new Marked({
    renderer: {
      heading({ tokens, depth, text }) {
        return `<h${depth} id="${slug(text)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        const address = addressOf(href);
        return address === null ? text : `<a href="${address}">${text}</a>`;
      },
    },
  });
  const tokens = marked.lexer(markdown);
  return { name, title: titleOf(name, tokens), html: marked.parser(tokens) };
}

/** Where a link of a guide leads on the site; null where it leads into the repository. */
function addressOf(href: string): string | null {
  const guide = /^(?:\.\/)?([a-z-]+)\.md(#.*)?$/.exec(href);
  if (guide) return `/docs/guides/${guide[1]}${guide[2] ?? ""}`;
  return href.startsWith("../") ? null : href;
}

function titleOf(name: string, tokens: readonly Token[]): string {
  const [first] = tokens;
  if (first?.type === "heading" && first["depth"] === 1) return String(first["text"]);
  throw new TypeError(`The guide "${name}" does not begin with a heading of the first depth`);
}

function slug(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, "")
    .trim()
    .replaceAll(" ", "-");
}
