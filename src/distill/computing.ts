// What the tools of methods need to compute. Who runs a method hands it to them; a plan computes nothing, so that a page that
// plans a run does not load it.
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
