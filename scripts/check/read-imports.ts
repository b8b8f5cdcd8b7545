import { parseSync, Visitor } from "rolldown/utils";

/** One place where a file names another module. */
export interface Import {
  readonly specifier: string;
  /** Counted from 1. */
  readonly line: number;
  /** True where nothing of it is left at run time. */
  readonly typeOnly: boolean;
}

/**
 * Every module that a TypeScript source names: imports, re-exports, `import()` and types by `import("...")`.
 *
 * Throws `SyntaxError` where the source does not parse.
 */
export function readImports(path: string, source: string): Import[] {
  const { program, errors } = parseSync(path, source);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(`"${path}" does not parse: ${error.message}`);
  const imports: Import[] = [];
  const add = (specifier: string, offset: number, typeOnly: boolean) =>
    imports.push({ specifier, line: source.slice(0, offset).split("\n").length, typeOnly });
  const visitor = new Visitor({
    ImportDeclaration(node) {
      const named = node.specifiers;
      const types = named.every((one) => one.type === "ImportSpecifier" && one.importKind === "type");
      add(node.source.value, node.start, node.importKind === "type" || (named.length > 0 && types));
    },
    ExportNamedDeclaration(node) {
      if (node.source === null) return;
      const types = node.specifiers.length > 0 && node.specifiers.every((one) => one.exportKind === "type");
      add(node.source.value, node.start, node.exportKind === "type" || types);
    },
    ExportAllDeclaration(node) {
      add(node.source.value, node.start, node.exportKind === "type");
    },
    ImportExpression(node) {
      if (node.source.type === "Literal" && typeof node.source.value === "string")
        add(node.source.value, node.start, false);
    },
    TSImportType(node) {
      add(node.source.value, node.start, true);
    },
  });
  visitor.visit(program);
  return imports;
}
