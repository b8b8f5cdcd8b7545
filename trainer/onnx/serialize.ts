import { elementType, type Attribute, type Graph, type Initializer, type Value } from "./graph.ts";
import { domainOf, opsets } from "./operators.ts";
import {
  attributeKind,
  encodeModel,
  type AttributeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.ts";

const IR_VERSION = 10;

/** The graph as ONNX bytes. External tensors are referred to by file name, relative to where the model will lie. */
export function serializeGraph(graph: Graph, name = "foreword"): Uint8Array {
  return encodeModel({
    irVersion: IR_VERSION,
    producerName: "foreword",
    opsetImport: Object.entries(opsets).map(([domain, version]) => ({ domain, version })),
    graph: {
      name,
      node: graph.nodes.map((node, i) => ({
        name: `${node.op}_${i}`,
        opType: node.op,
        domain: domainOf(node.op),
        input: node.inputs.map((input) => input?.name ?? ""),
        output: node.outputs.map((output) => output.name),
        attribute: Object.entries(node.attributes).map(([key, value]) => attribute(key, value)),
      })),
      initializer: [...graph.initializers.values()].map(tensor),
      input: graph.inputs.map(valueInfo),
      output: graph.outputs.map(valueInfo),
    },
  });
}

function attribute(name: string, value: Attribute): AttributeProto {
  if (typeof value === "number") return { name, type: attributeKind.int, i: value };
  if (typeof value === "string")
    return { name, type: attributeKind.string, s: new TextEncoder().encode(value) };
  if ("float" in value) return { name, type: attributeKind.float, f: value.float };
  return { name, type: attributeKind.ints, ints: [...value] };
}

function tensor(initializer: Initializer): TensorProto {
  const { value } = initializer;
  const header = { name: value.name, dims: value.shape.map(Number), dataType: elementType[value.type] };
  if ("bytes" in initializer) return { ...header, rawData: initializer.bytes };
  const { file, offset, length } = initializer.external;
  const EXTERNAL = 1; // TensorProto.DataLocation
  return {
    ...header,
    dataLocation: EXTERNAL,
    externalData: [
      { key: "location", value: file },
      { key: "offset", value: String(offset) },
      { key: "length", value: String(length) },
    ],
  };
}

function valueInfo({ name, type, shape }: Value): ValueInfoProto {
  const dim = shape.map((size) => (typeof size === "number" ? { dimValue: size } : { dimParam: size }));
  return { name, type: { tensorType: { elemType: elementType[type], shape: { dim } } } };
}
