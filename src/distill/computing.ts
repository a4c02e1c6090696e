// What the tools of methods need to compute. Code that runs a method hands it to them. A plan computes nothing, so a page that
// only plans a run does not load it.
import { DataBatch } from "../inner/data-batch.ts";
import { writeWeights } from "./write-weights.ts";

/** What draws weights and batches. */
export interface Computing {
  readonly writeWeights: typeof writeWeights;
  dataBatch(...parts: ConstructorParameters<typeof DataBatch>): DataBatch;
}

export const computing: Computing = {
  writeWeights,
  dataBatch: (...parts) => new DataBatch(...parts),
};
