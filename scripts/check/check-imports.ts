import { importCycles } from "./import-cycles.ts";
import { resolveImport, violationOf, type Violation } from "./import-rules.ts";
import { readImports, type Import } from "./read-imports.ts";

/**
 * Every import that goes the wrong way, and every ring of imports, among the given sources by path from the project's root.
 * Type-only imports count for the direction, not for rings: they are gone at run time.
 *
 * Throws `SyntaxError` where a source does not parse.
 */
export function checkImports(sources: ReadonlyMap<string, string>): Violation[] {
  const imports = new Map<string, Import[]>();
  for (const [path, source] of sources) imports.set(path, readImports(path, source));
  const violations: Violation[] = [];
  const graph = new Map<string, string[]>();
  for (const [path, all] of imports) {
    for (const one of all) {
      const violation = violationOf(path, one);
      if (violation !== null) violations.push(violation);
    }
    const targets = all.filter((one) => !one.typeOnly).map((one) => resolveImport(path, one.specifier));
    graph.set(
      path,
      targets.filter((target) => target !== null),
    );
  }
  for (const cycle of importCycles(graph)) {
    const [path = "", next = path] = cycle;
    const line = imports.get(path)?.find((one) => resolveImport(path, one.specifier) === next)?.line ?? 1;
    violations.push({ path, line, message: `imports run in a ring: ${[...cycle, path].join(" -> ")}` });
  }
  return violations;
}
