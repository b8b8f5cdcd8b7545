import { inferOutputs, type Operator } from "./shape-inference.ts";
import type { Attributes, ElementType, Shape, Value } from "./value.ts";

export { elementType } from "./value.ts";
export type { Attribute, Attributes, Dim, ElementType, Shape, Value } from "./value.ts";

export interface Node {
  readonly op: Operator;
  /** `null` stands for an optional input that is left out. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** Where a tensor lies in a file beside the model; the runtime memory-maps it. Offsets and lengths in bytes. */
export interface ExternalData {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

export type Initializer = { readonly value: Value } & (
  | { readonly bytes: Uint8Array }
  | { readonly external: ExternalData }
);

type Constant = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** Constants up to this size are shared: shapes and scalars repeat all over a graph, weights do not. */
const SHARED_CONSTANT_BYTES = 256;

/**
 * An ONNX graph under construction. Nodes are kept in the order in which they were emitted, which is a topological one,
 * and every value's type and shape is inferred at once, so that mistakes surface where they are made.
 */
export class Graph {
  nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly initializers = new Map<Value, Initializer>();
  #counter = 0;
  #constants = new Map<string, Value>();
  #externals = new Map<string, Value>();

  /** Declares a run-time input. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name, type, shape };
    this.inputs.push(value);
    return value;
  }

  /** Declares `value` a run-time output called `name`. A value that already has a name to keep is passed on under a new one. */
  output(name: string, value: Value): void {
    const isNamed =
      this.outputs.includes(value) || this.inputs.includes(value) || this.initializers.has(value);
    const output = isNamed ? this.op("Identity", [value]) : value;
    output.name = name;
    this.outputs.push(output);
  }

  /** Adds one node with one output. Throws ShapeError when the inputs do not fit the operator. */
  op(op: Operator, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value {
    return this.ops(op, inputs, attributes)[0] as Value;
  }

  /** Adds one node with all its outputs. Throws ShapeError when the inputs do not fit the operator. */
  ops(op: Operator, inputs: readonly (Value | null)[], attributes: Attributes = {}): Value[] {
    const outputs = inferOutputs(op, inputs, attributes, (value) => this.constantInts(value)).map(
      ({ type, shape }) => ({
        name: this.#name(op),
        type,
        shape,
      }),
    );
    this.nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  /** A tensor stored inside the model. */
  constant(data: Constant, shape: readonly number[], name?: string): Value {
    const type = typeOf(data);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key =
      name === undefined && bytes.length <= SHARED_CONSTANT_BYTES
        ? `${type}|${shape.join()}|${bytes.join()}`
        : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known) return known;
    const value = { name: name ?? this.#name("constant"), type, shape };
    this.initializers.set(value, { value, bytes });
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  /** A tensor stored in a file beside the model. Asked for the same name again, gives the same value. */
  external(name: string, type: ElementType, shape: readonly number[], external: ExternalData): Value {
    const known = this.#externals.get(name);
    if (known) return known;
    const value = { name, type, shape };
    this.initializers.set(value, { value, external });
    this.#externals.set(name, value);
    return value;
  }

  /** A float32 scalar. */
  scalar(x: number): Value {
    return this.constant(Float32Array.of(x), []);
  }

  /** An int64 vector: axes, shapes, split sizes. */
  ints(list: readonly number[]): Value {
    return this.constant(BigInt64Array.from(list, BigInt), [list.length]);
  }

  /** The numbers of an int64 constant, or `undefined` when `value` is computed at run time. */
  constantInts(value: Value): number[] | undefined {
    const initializer = this.initializers.get(value);
    if (!initializer || !("bytes" in initializer) || value.type !== "int64") return undefined;
    const { bytes } = initializer;
    const aligned = bytes.slice().buffer;
    return Array.from(new BigInt64Array(aligned), Number);
  }

  /** Drops nodes and initializers that no output needs. */
  prune(): void {
    const needed = new Set<Value | null>(this.outputs);
    const kept: Node[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!node.outputs.some((output) => needed.has(output))) continue;
      kept.push(node);
      for (const input of node.inputs) needed.add(input);
    }
    this.nodes = kept.toReversed();
    for (const value of this.initializers.keys()) if (!needed.has(value)) this.initializers.delete(value);
  }

  #name(prefix: string): string {
    return `${prefix}_${this.#counter++}`;
  }
}

function typeOf(data: Constant): ElementType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Int8Array ? "int8" : "uint8";
}
