import { describe, expect, it } from "vitest";
import { checkImports } from "../../scripts/check/check-imports.ts";
import { importCycles } from "../../scripts/check/import-cycles.ts";
import { readImports } from "../../scripts/check/read-imports.ts";

/** Violations as `path:line`, of sources given as a record. */
function check(sources: Record<string, string>): string[] {
  return checkImports(new Map(Object.entries(sources))).map(({ path, line }) => `${path}:${line}`);
}

describe("readImports", () => {
  it("finds every way to name a module, and no comment or string", () => {
    const source = `// import "./comment.ts";
import { a, type B } from "./a.ts";
import type { C } from "./c.ts";
import { type D } from "./d.ts";
export * from "./e.ts";
export type { F } from "./f.ts";
export { g } from "./g.ts";
import "./h.ts";
const text = 'import "./string.ts"';
const later = await import("./i.ts");
type J = import("./j.ts").J;
`;
    expect(
      readImports("x.ts", source).map(({ specifier, line, typeOnly }) => [specifier, line, typeOnly]),
    ).toEqual([
      ["./a.ts", 2, false],
      ["./c.ts", 3, true],
      ["./d.ts", 4, true],
      ["./e.ts", 5, false],
      ["./f.ts", 6, true],
      ["./g.ts", 7, false],
      ["./h.ts", 8, false],
      ["./i.ts", 10, false],
      ["./j.ts", 11, true],
    ]);
  });

  it("says which file does not parse", () => {
    expect(() => readImports("shared/x.ts", "import {")).toThrow('"shared/x.ts" does not parse');
  });
});

describe("checkImports", () => {
  it("lets each room import what it may", () => {
    expect(
      check({
        "functions/routes/a.ts": 'import { Hono } from "hono"; import { b } from "../../shared/b.ts";',
        "functions/worker.ts": 'import "./adapters/r2.ts"; import "cloudflare:workers";',
        "functions/adapters/d1.ts": 'import "./r2.ts";',
        "trainer/main.ts": 'import "node:fs"; import "./adapters/s3.ts"; import "onnxruntime-node";',
        "scripts/dev/main.ts": 'import "../../trainer/adapters/s3.ts"; import "../../functions/app.ts";',
        "tests/a.test.ts": 'import "../functions/adapters/d1.ts"; import "../trainer/adapters/s3.ts";',
      }),
    ).toEqual([]);
  });

  it.each([
    ["functions/a.ts", "../trainer/b.ts"],
    ["trainer/a.ts", "../functions/b.ts"],
    ["shared/a.ts", "../functions/b.ts"],
    ["shared/text/a.ts", "../../trainer/b.ts"],
    ["shared/a.ts", "../scripts/b.ts"],
    ["scripts/a.ts", "../tests/b.ts"],
    ["functions/a.ts", "node:crypto"],
    ["functions/a.ts", "fs/promises"],
    ["functions/a.ts", "onnxruntime-node"],
    ["shared/a.ts", "node:buffer"],
    ["shared/a.ts", "cloudflare:workers"],
    ["trainer/a.ts", "cloudflare:workers"],
    ["functions/app.ts", "./adapters/r2.ts"],
    ["trainer/train.ts", "./adapters/s3.ts"],
    ["functions/adapters/d1.ts", "../../trainer/adapters/s3.ts"],
  ])("does not let %s import %s, not even a type", (path, specifier) => {
    expect(check({ [path]: `\nimport { x } from "${specifier}";` })).toEqual([`${path}:2`]);
    expect(check({ [path]: `\nimport type { X } from "${specifier}";` })).toEqual([`${path}:2`]);
  });

  it("finds a ring of imports, and not one of types alone", () => {
    const ring = {
      "shared/a.ts": 'import { c } from "zod";\nimport { b } from "./b.ts";',
      "shared/b.ts": 'export { c } from "./x/c.ts";',
      "shared/x/c.ts": 'import { a } from "../a.ts";',
    };
    expect(checkImports(new Map(Object.entries(ring)))).toEqual([
      {
        path: "shared/a.ts",
        line: 2,
        message: "imports run in a ring: shared/a.ts -> shared/b.ts -> shared/x/c.ts -> shared/a.ts",
      },
    ]);
    expect(check({ ...ring, "shared/x/c.ts": 'import type { A } from "../a.ts";' })).toEqual([]);
  });
});

describe("importCycles", () => {
  it("gives one ring per group, and a file that imports itself", () => {
    const graph = new Map([
      ["a", ["b"]],
      ["b", ["c", "d"]],
      ["c", []],
      ["d", ["a", "d"]],
    ]);
    expect(importCycles(graph)).toEqual([["a", "b", "d"], ["d"]]);
  });
});
