/** Watches a growing text for stop sequences, however tokens cut them up. */
export interface StopMatcher {
  /** Takes more text and gives what can be shown of it; `stopped` once a stop sequence has come, which is never shown. */
  push(text: string): { readonly text: string; readonly stopped: boolean };
  /** What was held back because it might have become a stop sequence. */
  flush(): string;
}

/** Of several stop sequences the one that is complete first wins, and of those the one that begins first. */
export function createStopMatcher(stops: readonly string[]): StopMatcher {
  let held = "";
  return {
    push(text) {
      const before = held.length;
      held += text;
      const cut = earliestStop(held, stops, before);
      if (cut !== undefined) {
        const shown = held.slice(0, cut);
        held = "";
        return { text: shown, stopped: true };
      }
      const keep = longestBeginning(held, stops);
      const shown = held.slice(0, held.length - keep);
      held = held.slice(held.length - keep);
      return { text: shown, stopped: false };
    },
    flush() {
      const rest = held;
      held = "";
      return rest;
    },
  };
}

/** Where the stop sequence begins that is complete first. No match can end inside the first `checked` characters. */
function earliestStop(text: string, stops: readonly string[], checked: number): number | undefined {
  let best: { begin: number; end: number } | undefined;
  for (const stop of stops) {
    const begin = text.indexOf(stop, Math.max(0, checked - stop.length + 1));
    if (begin < 0) continue;
    const end = begin + stop.length;
    if (!best || end < best.end || (end === best.end && begin < best.begin)) best = { begin, end };
  }
  return best?.begin;
}

/** Length of the longest end of the text that is a beginning of a stop sequence. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
