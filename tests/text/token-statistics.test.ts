import fc from "fast-check";
import { expect, it } from "vitest";
import { tokenStatistics } from "../../shared/text/token-statistics.ts";

it("bins every token count once, in bins of one width that cover the range without a hole", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 200 }), (counts) => {
      const statistics = tokenStatistics(counts);
      const bins = statistics?.histogram ?? [];
      expect(bins.length).toBeLessThanOrEqual(20);
      expect(bins[0]?.from).toBe(statistics?.min);
      expect(bins.at(-1)?.to).toBeGreaterThanOrEqual(statistics?.max ?? Infinity);
      for (const [i, { from, to, rows }] of bins.entries()) {
        expect(rows).toBe(counts.filter((count) => count >= from && count <= to).length);
        expect(to - from).toBe((bins[0]?.to ?? 0) - (bins[0]?.from ?? 0));
        if (i > 0) expect(from).toBe((bins[i - 1]?.to ?? 0) + 1);
      }
      expect(bins.reduce((sum, { rows }) => sum + rows, 0)).toBe(counts.length);
    }),
  );
  expect(tokenStatistics([])).toBeNull();
});
