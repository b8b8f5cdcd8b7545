/** Both are public exports of onnxruntime-web that come without types; see emscripten.ts for what the first one is. */
declare module "onnxruntime-web/ort-wasm-simd-threaded.mjs" {
  const createModule: unknown;
  export default createModule;
}

declare module "onnxruntime-web/ort-wasm-simd-threaded.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
