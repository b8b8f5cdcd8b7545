import {
  choice,
  literal,
  literals,
  nothing,
  number,
  sequence,
  space,
  string,
  type Rest,
} from "./json-grammar.ts";

/** Makes a new value's grammar each time it is called, so that grammars can be as deep as the text that follows them. */
export type Grammar = () => Rest;

/** Deeper values than this are not written, however free the format is. */
export const MAX_DEPTH = 16;

/** Any JSON object. */
export function anyObject(): Rest {
  return freeObject(MAX_DEPTH);
}

/** An array of such items. */
export function arrayOf(items: Grammar): Rest {
  const close = literal("]", () => nothing);
  const more = (): Rest =>
    sequence(items(), () =>
      space(() =>
        choice(
          close,
          literal(",", () => space(more)),
        ),
      ),
    );
  return literal("[", () => space(() => choice(close, more())));
}

/** Any object whose values nest at most so deep. */
export function freeObject(depth: number): Rest {
  const close = literal("}", () => nothing);
  const value = () =>
    sequence(freeValue(depth - 1), () =>
      space(() =>
        choice(
          close,
          literal(",", () => space(more)),
        ),
      ),
    );
  const more = (): Rest => sequence(string, () => space(() => literal(":", () => space(value))));
  return literal("{", () => space(() => choice(close, more())));
}

/** Any value that nests at most so deep. */
export function freeValue(depth: number): Rest {
  const flat = [string, number(false), literals(["true", "false", "null"], () => nothing)];
  return depth > 0
    ? choice(
        ...flat,
        freeObject(depth),
        arrayOf(() => freeValue(depth - 1)),
      )
    : choice(...flat);
}
