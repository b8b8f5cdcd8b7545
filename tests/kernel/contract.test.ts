import { describeEngine } from "../engine/contract.ts";
import { loadDefaultModel } from "./default-model.ts";

describeEngine("the kernel in Node", {
  load: async () => (await loadDefaultModel()).engine,
  // A row's result depends on nothing beside it: however tokens are cut up, the bits are the same.
  tolerance: 0,
});
