/**
 * What may still come of a JSON text, byte by byte. Nodes never change, so any number of ways on can be tried from one;
 * a node that stays where it is gives itself back.
 */
export interface Rest {
  /** What may come after this byte; null when the byte may not come. */
  step(byte: number): Rest | null;
  /** The text may end here. */
  readonly done: boolean;
  /** Inside a string, where whole characters other than quote, backslash and control characters lead back to the same node. */
  readonly inString?: boolean;
}

/** Nothing more. */
export const nothing: Rest = { step: () => null, done: true };

/** `first`, then what `next` gives. Nothing that can follow a JSON value continues it, so no way on is lost. */
export function sequence(first: Rest, next: () => Rest): Rest {
  if (first === nothing) return next();
  const node: Rest = {
    step(byte) {
      const rest = first.step(byte);
      if (rest === first) return node;
      if (rest) return sequence(rest, next);
      return first.done ? next().step(byte) : null;
    },
    get done() {
      return first.done && next().done;
    },
    inString: first.inString ?? false,
  };
  return node;
}

/** One of several ways on, told apart by their first byte. */
export function choice(...ways: readonly Rest[]): Rest {
  return {
    step(byte) {
      for (const way of ways) {
        const rest = way.step(byte);
        if (rest) return rest;
      }
      return null;
    },
    done: ways.some((way) => way.done),
  };
}

const encoder = new TextEncoder();

/** One of several texts; what follows may depend on which. A text may begin another, if both are followed by the same. */
export function literals(texts: readonly string[], next: (index: number) => Rest): Rest {
  const at = (entries: readonly { bytes: Uint8Array; index: number }[], offset: number): Rest => {
    const ended = entries.find(({ bytes }) => bytes.length === offset);
    const here: Rest = {
      step(byte) {
        const left = entries.filter(({ bytes }) => bytes[offset] === byte);
        return left.length > 0 ? at(left, offset + 1) : null;
      },
      done: false,
    };
    if (!ended) return here;
    const after = next(ended.index);
    return entries.length === 1 ? after : choice(here, after);
  };
  return at(
    texts.map((text, index) => ({ bytes: encoder.encode(text), index })),
    0,
  );
}

export function literal(text: string, next: () => Rest): Rest {
  return literals([text], next);
}

const [SPACE, NEWLINE, QUOTE, BACKSLASH] = [0x20, 0x0a, 0x22, 0x5c];

/** At most one space or newline: a model that may write white space without end sometimes does. */
export function space(next: () => Rest): Rest {
  return {
    step: (byte) => (byte === SPACE || byte === NEWLINE ? next() : next().step(byte)),
    get done() {
      return next().done;
    },
  };
}

const ESCAPED = encoder.encode('"\\/bfnrt');
const isHex = (byte: number) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
const hex = (left: number): Rest => ({
  step: (byte) => (!isHex(byte) ? null : left === 1 ? characters : hex(left - 1)),
  done: false,
});
const escape: Rest = {
  step: (byte) => (byte === 0x75 ? hex(4) : ESCAPED.includes(byte) ? characters : null),
  done: false,
};
/** The rest of a character of several bytes; the next one must lie in a range (RFC 3629, section 4). */
const continuation = (left: number, low = 0x80, high = 0xbf): Rest => ({
  step: (byte) => (byte < low || byte > high ? null : left === 1 ? characters : continuation(left - 1)),
  done: false,
});
/** Inside a string. */
const characters: Rest = {
  step(byte) {
    if (byte === QUOTE) return nothing;
    if (byte === BACKSLASH) return escape;
    if (byte < 0x80) return byte < SPACE ? null : characters;
    if (byte < 0xc2 || byte > 0xf4) return null;
    if (byte < 0xe0) return continuation(1);
    if (byte < 0xf0) return continuation(2, byte === 0xe0 ? 0xa0 : 0x80, byte === 0xed ? 0x9f : 0xbf);
    return continuation(3, byte === 0xf0 ? 0x90 : 0x80, byte === 0xf4 ? 0x8f : 0xbf);
  },
  done: false,
  inString: true,
};

/** Whether all of these bytes can come inside a string and leave it where it was. */
export function isPlain(bytes: Uint8Array): boolean {
  let rest: Rest | null = characters;
  for (const byte of bytes) {
    if (byte === QUOTE || byte === BACKSLASH) return false;
    rest = rest?.step(byte) ?? null;
  }
  return rest === characters;
}

export const string: Rest = { step: (byte) => (byte === QUOTE ? characters : null), done: false };

/** As many digits as a float64 holds: more would only be noise, and could go on without end. */
const MAX_DIGITS = 15;
const MAX_EXPONENT_DIGITS = 2;
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isExponent = (byte: number) => byte === 0x65 || byte === 0x45;
const exponentDigits = (left: number): Rest => ({
  step: (byte) => (isDigit(byte) && left > 0 ? exponentDigits(left - 1) : null),
  done: left < MAX_EXPONENT_DIGITS,
});
const exponent: Rest = {
  step: (byte) =>
    byte === 0x2b || byte === 0x2d
      ? exponentDigits(MAX_EXPONENT_DIGITS)
      : exponentDigits(MAX_EXPONENT_DIGITS).step(byte),
  done: false,
};
const fraction = (left: number): Rest => ({
  step: (byte) =>
    isDigit(byte) && left > 0 ? fraction(left - 1) : isExponent(byte) && left < MAX_DIGITS ? exponent : null,
  done: left < MAX_DIGITS,
});
/** After the digits before the point; `left` more may come, none after a leading zero. */
const whole = (left: number, integer: boolean): Rest => ({
  step(byte) {
    if (isDigit(byte) && left > 0) return whole(left - 1, integer);
    if (integer) return null;
    return byte === 0x2e ? fraction(MAX_DIGITS) : isExponent(byte) ? exponent : null;
  },
  done: true,
});
const unsigned = (integer: boolean): Rest => ({
  step: (byte) => (byte === 0x30 ? whole(0, integer) : isDigit(byte) ? whole(MAX_DIGITS - 1, integer) : null),
  done: false,
});

/** A number, or an integer: without point and exponent. */
export function number(integer: boolean): Rest {
  return { step: (byte) => (byte === 0x2d ? unsigned(integer) : unsigned(integer).step(byte)), done: false };
}
