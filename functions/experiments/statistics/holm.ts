/**
 * p-values adjusted for testing several hypotheses at once, such that the chance of any false rejection stays below the
 * level (Holm 1979, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6(2)).
 * In the order given.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).toSorted((a, b) => (pValues[a] as number) - (pValues[b] as number));
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * (pValues[i] as number)));
    adjusted[i] = largest;
  }
  return adjusted;
}
