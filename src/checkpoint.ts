// The entry `distillate/checkpoint`: the state of a run as a file, on a disk or in the origin private file system of a page.

export { type Checkpoint, checkpointFromBytes, checkpointToBytes } from "./formats/checkpoint-file.ts";
export type { LoadedCheckpoint } from "./formats/last-checkpoint.ts";
export { loadCheckpoint, saveCheckpoint } from "./node/checkpoints.ts";
