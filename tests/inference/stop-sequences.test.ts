import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createStopMatcher } from "../../functions/inference/stop-sequences.ts";

function run(pieces: readonly string[], stops: readonly string[]) {
  const matcher = createStopMatcher(stops);
  let shown = "";
  for (const piece of pieces) {
    const { text, stopped } = matcher.push(piece);
    shown += text;
    if (stopped) return { shown, stopped };
  }
  return { shown: shown + matcher.flush(), stopped: false };
}

/** Reads the text character by character until some stop sequence is complete. */
function byDefinition(text: string, stops: readonly string[]) {
  for (let end = 1; end <= text.length; end++) {
    const complete = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    if (complete.length > 0) {
      return { shown: text.slice(0, end - Math.max(...complete.map((stop) => stop.length))), stopped: true };
    }
  }
  return { shown: text, stopped: false };
}

describe("stop sequences", () => {
  it("cut the text at the same place however it is cut into pieces", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fc.array(letters, { maxLength: 12 }),
        fc.array(letters, { minLength: 1, maxLength: 4 }),
        (pieces, stops) => {
          expect(run(pieces, stops)).toEqual(byDefinition(pieces.join(""), stops));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("hold back no more than might become a stop sequence", () => {
    const matcher = createStopMatcher(["\n\n", "END"]);
    expect(matcher.push("text\n")).toEqual({ text: "text", stopped: false });
    expect(matcher.push("more E")).toEqual({ text: "\nmore ", stopped: false });
    expect(matcher.push("N")).toEqual({ text: "", stopped: false });
    expect(matcher.push("D of it")).toEqual({ text: "", stopped: true });
  });

  it("show everything when there are none", () => {
    expect(createStopMatcher([]).push("abc")).toEqual({ text: "abc", stopped: false });
  });
});
