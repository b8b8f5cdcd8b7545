import { InternalError } from "../../shared/errors.ts";
import type { Graph, Node, Value } from "../onnx/graph.ts";
import { opsetOf } from "../onnx/operators.ts";
import { staticShape } from "../onnx/shapes.ts";
import { zeros, type GradContext, type GradEntry, type GradRule } from "./context.ts";
import { gradientTable } from "./gradients.ts";

/** A gradient would have to pass through an operator that has no rule for it. */
export class UnsupportedOperatorError extends InternalError {
  readonly op: string;
  readonly opset: number;
  /** Name of the node's first output. */
  readonly node: string;

  constructor(op: string, opset: number, node: string) {
    super(`No gradient rule for operator "${op}" of opset ${opset}, wanted at node "${node}"`, {
      code: "unsupported_operator",
    });
    this.op = op;
    this.opset = opset;
    this.node = node;
  }
}

/** The loss cannot be differentiated as asked. */
export class GradientError extends InternalError {}

/**
 * Extends `graph` by the gradients of the scalar `loss` with respect to each value of `wrt`, by reverse-mode
 * differentiation: nodes are visited from the loss backwards, and each one's rule turns the gradients of its outputs into
 * gradients of its inputs. Only paths between `wrt` and `loss` are followed, so frozen weights get no gradient nodes.
 *
 * Throws UnsupportedOperatorError for an operator on such a path without a rule, and GradientError when the loss is no
 * scalar or does not depend on a value of `wrt`.
 */
export function gradients(graph: Graph, loss: Value, wrt: readonly Value[]): Value[] {
  if (loss.shape.length > 0)
    throw new GradientError(`Loss "${loss.name}" has shape [${loss.shape}], wanted a scalar`);
  const forward = [...graph.nodes];
  const needed = dependants(forward, wrt);
  const received = new Map<Value, Value>([[loss, graph.scalar(1)]]);
  for (const node of forward.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output) && received.has(output))) continue;
    const inputGradients = ruleFor(node)(contextFor(graph, node, needed, received));
    for (const [i, gradient] of inputGradients.entries()) {
      const input = node.inputs[i];
      if (!input || !gradient || !needed.has(input)) continue;
      const before = received.get(input);
      received.set(input, before ? graph.op("Add", [before, gradient]) : gradient);
    }
  }
  return wrt.map((value) => {
    const gradient = received.get(value);
    if (!gradient) throw new GradientError(`Loss "${loss.name}" does not depend on "${value.name}"`);
    return gradient;
  });
}

/** The values that depend on `wrt` through inputs that gradients flow into. */
function dependants(nodes: readonly Node[], wrt: readonly Value[]): Set<Value> {
  const needed = new Set(wrt);
  for (const node of nodes) {
    const entry: GradEntry = gradientTable[node.op];
    const stop = entry === "none" ? [] : (entry.stop ?? []);
    const depends = node.inputs.some((input, i) => input !== null && needed.has(input) && !stop.includes(i));
    if (depends) for (const output of node.outputs) needed.add(output);
  }
  return needed;
}

function ruleFor(node: Node): GradRule {
  const entry: GradEntry = gradientTable[node.op];
  const opset = opsetOf(node.op);
  if (entry === "none" || opset < entry.opsets[0] || opset > entry.opsets[1]) {
    throw new UnsupportedOperatorError(node.op, opset, node.outputs[0]?.name ?? "");
  }
  return entry.rule;
}

function contextFor(
  graph: Graph,
  node: Node,
  needed: ReadonlySet<Value>,
  received: ReadonlyMap<Value, Value>,
): GradContext {
  const context: GradContext = {
    node,
    input(i) {
      const value = node.inputs[i];
      if (!value) throw new GradientError(`${node.op} has no input ${i}`);
      return value;
    },
    output(i) {
      const value = node.outputs[i];
      if (!value) throw new GradientError(`${node.op} has no output ${i}`);
      return value;
    },
    grad(i = 0) {
      const output = context.output(i);
      return received.get(output) ?? zeros(context, context.shape(output));
    },
    needs(i) {
      const value = node.inputs[i];
      return value !== undefined && value !== null && needed.has(value);
    },
    shape: (value) => staticShape(value.shape),
    constantInts(value) {
      const list = graph.constantInts(value);
      if (!list) throw new GradientError(`${node.op} wants a constant, found "${value.name}"`);
      return list;
    },
    emit: (op, inputs, attributes) => graph.op(op, inputs, attributes),
    emitAll: (op, inputs, attributes) => graph.ops(op, inputs, attributes),
    scalar: (x) => graph.scalar(x),
    ints: (list) => graph.ints(list),
  };
  return context;
}
