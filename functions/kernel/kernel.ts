/** An address in the kernel's memory, in bytes. */
export type Address = number;

/** What kernel.wasm exports; sizes are counts, strides are bytes. Each is described where it is written, in `assembly/`. */
export interface Kernel {
  embedding8(weights: Address, scales: Address, index: number, width: number, y: Address): void;
  embedding4(weights: Address, outputs: number, index: number, width: number, y: Address): void;
  quantiseRows(x: Address, rows: number, width: number, levels: Address, scales: Address): void;
  matrix8(
    levels: Address,
    levelScales: Address,
    rows: number,
    inputs: number,
    weights: Address,
    weightScales: Address,
    bias: Address,
    outputs: number,
    y: Address,
    stride: number,
    accumulate: boolean,
  ): void;
  matrix4(
    levels: Address,
    levelScales: Address,
    rows: number,
    inputs: number,
    weights: Address,
    bias: Address,
    outputs: number,
    y: Address,
    stride: number,
    accumulate: boolean,
  ): void;
  rmsNorm(
    x: Address,
    rows: number,
    width: number,
    padded: number,
    stride: number,
    gain: Address,
    epsilon: number,
    y: Address,
  ): void;
  rotary(
    x: Address,
    rows: number,
    stride: number,
    heads: number,
    headSize: number,
    cos: Address,
    sin: Address,
  ): void;
  storeKeyValue(
    keys: Address,
    values: Address,
    kvHeads: number,
    headSize: number,
    table: Address,
    layerOffset: number,
    position: number,
  ): void;
  attention(
    query: Address,
    queryStride: number,
    rows: number,
    heads: number,
    kvHeads: number,
    headSize: number,
    table: Address,
    layerOffset: number,
    visible: number,
    space: Address,
    y: Address,
    stride: number,
  ): void;
  swiglu(x: Address, rows: number, width: number, y: Address): void;
}

/** Makes an instance over a memory that the caller plans: the kernel itself allocates nothing. */
export function instantiateKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernel {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}
