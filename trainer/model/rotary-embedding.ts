import type { Architecture } from "../../shared/contracts/model.ts";
import type { Graph, Value } from "../onnx/graph.ts";
import { rotaryTables } from "./architecture.ts";

/**
 * Rotates queries or keys, `[shared + tokens, heads * headSize]`, by their positions: those of the shared tokens
 * follow each other from `first` on, those of the others come from `positions` `[tokens]` (integers), counted behind the
 * shared tokens and below `length`.
 */
export function rotaryEmbedding(
  graph: Graph,
  architecture: Architecture,
  { first, shared, length }: { first: number; shared: number; length: number },
  positions: Value,
): (x: Value) => Value {
  const half = architecture.headSize / 2;
  const { cos, sin } = rotaryTables(architecture, first + shared + length);
  // The operator refuses more rows than its tables have, so the tables are laid out per token, from position 0 on.
  const perToken = (table: Float32Array) => {
    const [sharedStart, start] = [first * half, (first + shared) * half];
    const ofTokens = graph.op("Gather", [graph.constant(table.slice(start), [length, half]), positions]);
    if (shared === 0) return ofTokens;
    const ofShared = graph.constant(table.slice(sharedStart, start), [shared, half]);
    return graph.op("Concat", [ofShared, ofTokens], { axis: 0 });
  };
  const tables = [graph.constant(BigInt64Array.of(0n), [1]), perToken(cos), perToken(sin)];
  return (x) => {
    const sequence = graph.op("Unsqueeze", [x, graph.ints([0])]);
    return graph.op("Reshape", [
      graph.op("RotaryEmbedding", [sequence, ...tables]),
      graph.ints(x.shape.map(Number)),
    ]);
  };
}
