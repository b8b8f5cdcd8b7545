/** Element types of the decode graph's inputs and outputs, as onnxruntime numbers them. */
export const elementNumber = { float32: 1, int64: 7 } as const;
export type TensorType = keyof typeof elementNumber;

export const elementBytes = { float32: 4, int64: 8 } as const;
