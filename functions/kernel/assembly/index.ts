export { attention, storeKeyValue } from "./attention";
export { embedding } from "./embedding";
export { matrix } from "./matrix";
export { rmsNorm } from "./norm";
export { quantiseRows } from "./quantise";
export { rotary } from "./rotary";
export { swiglu } from "./swiglu";
