export { attention } from "./attention";
export { embedding4, embedding8 } from "./embedding";
export { storeKeyValue } from "./kv";
export { matrix4 } from "./matrix4";
export { matrix8 } from "./matrix8";
export { rmsNorm } from "./norm";
export { quantiseRows } from "./quantise";
export { rotary } from "./rotary";
export { swiglu } from "./swiglu";
