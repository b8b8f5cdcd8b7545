/** A list whose items may be made when they are asked for. Arrays are such lists. */
export interface LazyList<T> extends Iterable<T> {
  readonly length: number;
  /** Undefined beyond the end; indices are not negative. */
  at(index: number): T | undefined;
}

/** A list that makes its items anew every time, so that they need not be held. */
export function lazily<T>(length: number, make: (index: number) => T): LazyList<T> {
  return {
    length,
    at: (index) => (index < length ? make(index) : undefined),
    *[Symbol.iterator]() {
      for (let index = 0; index < length; index++) yield make(index);
    },
  };
}

/** The items at `indices`, in that order. */
export const pick = <T>(items: LazyList<T>, indices: readonly number[]): LazyList<T> =>
  lazily(indices.length, (i) => items.at(indices[i] as number) as T);
