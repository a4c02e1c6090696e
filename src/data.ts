// Data sets and what reads them: the entry `distillate/data`, for pages that only read, and for readers that bring a
// decoder along. Everything here is in `distillate` too, as far as it is small.
export { type Dataset, type DatasetSplit, subset } from "./data/dataset.ts";
export { digits } from "./data/digits.ts";
export { loadIdx } from "./data/idx.ts";
