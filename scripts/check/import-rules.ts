/** Which part of Foreword may name which. ARCHITECTURE.md says it in words; this says it to the machine. */
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import type { Import } from "./read-imports.ts";

export interface Violation {
  /** Relative to the project's root, with forward slashes. */
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

/** The rooms that each room may import from. Tests see everything, and nothing but tests sees them. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  shared: ["shared"],
  functions: ["functions", "shared"],
  trainer: ["trainer", "shared"],
  scripts: ["scripts", "functions", "trainer", "shared", "package.json"],
};

/** Rooms that run on workerd, where there is no Node. */
const WITHOUT_NODE = ["functions", "shared"];
/** Rooms that run outside workerd. */
const WITHOUT_WORKERD = ["trainer", "shared", "scripts"];

const ADAPTERS = ["functions/adapters", "trainer/adapters"];
/** The files that put a runtime together, and so know its adapters by name. */
const ENTRIES = ["functions/worker.ts", "trainer/main.ts"];

/** The path that a relative import names, from the project's root; null for a package. */
export function resolveImport(path: string, specifier: string): string | null {
  return specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), specifier)) : null;
}

/** What is wrong with one import, or null where it is allowed. */
export function violationOf(path: string, { specifier, line }: Import): Violation | null {
  const message =
    resolveImport(path, specifier) === null ? packageFault(path, specifier) : fileFault(path, specifier);
  return message === null ? null : { path, line, message };
}

function packageFault(path: string, specifier: string): string | null {
  const room = roomOf(path);
  const needsNode = isBuiltin(specifier) || /^onnxruntime-node(?:\/|$)/.test(specifier);
  if (WITHOUT_NODE.includes(room) && needsNode)
    return `"${specifier}" needs Node, and ${room}/ runs on workerd: pass the effect in as a parameter`;
  if (WITHOUT_WORKERD.includes(room) && specifier.startsWith("cloudflare:"))
    return `"${specifier}" needs workerd, and ${room}/ runs without it`;
  return null;
}

function fileFault(path: string, specifier: string): string | null {
  const room = roomOf(path);
  const target = resolveImport(path, specifier) ?? specifier;
  const allowed = MAY_IMPORT[room];
  if (allowed !== undefined && !allowed.includes(roomOf(target)))
    return `${room}/ must not import "${target}"; it may import from ${allowed.join(", ")}`;
  const adapters = ADAPTERS.find((folder) => target.startsWith(`${folder}/`));
  if (adapters === undefined || path.startsWith(`${adapters}/`)) return null;
  if (ENTRIES.includes(path) || room === "scripts" || room === "tests") return null;
  return `"${target}" is an adapter, which only ${ENTRIES.join(", ")}, scripts/ and tests/ may name: import the port`;
}

function roomOf(path: string): string {
  return path.split("/")[0] ?? "";
}
