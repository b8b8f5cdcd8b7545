import { Marked, type Token } from "marked";

export interface Example {
  readonly language: string;
  readonly text: string;
  /** Why it is not run; the comment in front of it says so. */
  readonly notRun: string | null;
}

const MARK = /^<!-- not run: (.+) -->\s*$/;

/** The code blocks of a page in their order. Throws for one that is indented instead of fenced: it has no language. */
export function examplesOf(markdown: string): Example[] {
  const examples: Example[] = [];
  let mark: string | null = null;
  const visit = (tokens: readonly Token[]) => {
    for (const token of tokens) {
      if (token.type === "code") {
        const language: unknown = token["lang"];
        if (typeof language !== "string" || language === "")
          throw new Error(`A block has no language:\n${token.raw}`);
        examples.push({ language, text: String(token["text"]), notRun: mark });
      }
      if (token.type !== "space") mark = MARK.exec(token.raw)?.[1] ?? null;
      if ("tokens" in token && Array.isArray(token.tokens)) visit(token.tokens);
    }
  };
  visit(new Marked().lexer(markdown));
  return examples;
}
