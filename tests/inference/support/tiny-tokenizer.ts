import type { TextTokenizer } from "../../../shared/text/tokenizer.ts";

/** Token ids are places in `pieces`; the text of a conversation is its messages' contents, each behind its role. */
export function createTinyTokenizer(pieces: readonly string[], end: readonly number[] = [0]): TextTokenizer {
  const special = new Set(end);
  return {
    specialTokens: { beginning: null, end: [...end] },
    encode(text) {
      const ids: number[] = [];
      for (let at = 0; at < text.length;) {
        let best = -1;
        pieces.forEach((piece, id) => {
          const fits = !special.has(id) && piece !== "" && text.startsWith(piece, at);
          if (fits && piece.length > (pieces[best]?.length ?? 0)) best = id;
        });
        if (best < 0) throw new Error(`No token begins "${text.slice(at)}"`);
        ids.push(best);
        at += pieces[best]?.length ?? 1;
      }
      return ids;
    },
    decode: (ids) => ids.map((id) => (special.has(id) ? "" : (pieces[id] ?? ""))).join(""),
    renderChat: (messages) => messages.map(({ content }) => content).join(""),
  };
}
