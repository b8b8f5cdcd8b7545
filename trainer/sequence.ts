/** A list whose items may be made when they are asked for. Arrays are such lists. */
export interface Sequence<T> extends Iterable<T> {
  readonly length: number;
  /** Undefined beyond the end; indices are not negative. */
  at(index: number): T | undefined;
}

/** A sequence that makes its items anew every time, so that they need not be held. */
export function lazily<T>(length: number, make: (index: number) => T): Sequence<T> {
  return {
    length,
    at: (index) => (index < length ? make(index) : undefined),
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield make(index);
    },
  };
}

/** The items at `indices`, in that order. */
export const pick = <T>(items: Sequence<T>, indices: readonly number[]): Sequence<T> =>
  lazily(indices.length, (i) => items.at(indices[i] as number) as T);
