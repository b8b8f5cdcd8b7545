/** A row-major `[rows, columns]` matrix as `[columns, rows]`, into `target` where one is given. */
export function transpose<T extends Float32Array | Float64Array | Int8Array>(
  source: T,
  rows: number,
  columns: number,
  target?: T,
): T {
  const result = target ?? (source.slice() as T);
  // In tiles, because a whole column at a time misses the cache with every step.
  const TILE = 64;
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      const bottom = Math.min(top + TILE, rows);
      const right = Math.min(left + TILE, columns);
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          result[column * rows + row] = source[row * columns + column] as number;
        }
      }
    }
  }
  return result;
}
