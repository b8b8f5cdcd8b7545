import { describe, expect, it } from "vitest";
import {
  formatExposureId,
  parseExposureId,
  verifyExposureId,
} from "../../functions/experiments/exposure-id.ts";
import { unitHash } from "../../functions/experiments/unit-hash.ts";
import { newId } from "../../shared/ids.ts";

const exposure = {
  experiment: newId("experiment", 1_790_000_000_000),
  phase: 41,
  variant: 9,
  unit: unitHash.hash("s", "u").key,
  at: 1_790_000_000_123,
};

describe("exposure id", () => {
  const id = formatExposureId(exposure, "salt");

  it("says what it was made of, and fits a header", () => {
    expect(parseExposureId(id)).toEqual(exposure);
    expect(verifyExposureId(id, "salt")).toBe(true);
    expect(id).toMatch(/^[\w]{1,100}$/);
  });

  it("is not taken with another salt, nor with any character changed", () => {
    expect(verifyExposureId(id, "other")).toBe(false);
    for (let i = 0; i < id.length; i++) {
      const changed = id.slice(0, i) + (id[i] === "1" ? "2" : "1") + id.slice(i + 1);
      const parsed = parseExposureId(changed);
      expect(parsed === null || !verifyExposureId(changed, "salt")).toBe(true);
    }
  });

  it.each(["", "xp_", "req_01JABCDEFGHJKMNPQRSTVWXYZ0", "xp_" + "9".repeat(300)])("refuses %j", (text) => {
    expect(parseExposureId(text)).toBeNull();
  });
});
