/** Element types with their numbers in onnx.proto (TensorProto.DataType). */
export const elementType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type ElementType = keyof typeof elementType;

/** A dimension is a number, or a name where it is only known at run time. */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** Integers are ONNX `int` attributes; write `{ float: 1 }` for a `float` one. */
export type Attribute = number | string | readonly number[] | { readonly float: number };
export type Attributes = Readonly<Record<string, Attribute>>;

export interface Value {
  /** Unique within the graph; graph inputs and outputs keep the name they were given. */
  name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}
