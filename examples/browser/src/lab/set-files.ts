// Sets as files and links. They are read and written in a worker, whose script is loaded when one is wanted.
import type { DistilledSet, PackedBits } from "distillate";
import { oneAnswer } from "./one-answer.ts";

/** What the worker is asked. */
export type ToSetFiles =
  | { readonly kind: "read"; readonly bytes: Uint8Array; readonly name: string }
  | { readonly kind: "unpack"; readonly text: string }
  | { readonly kind: "pack"; readonly set: DistilledSet; readonly bits: PackedBits }
  | { readonly kind: "npz" | "png"; readonly set: DistilledSet }
  | { readonly kind: "growth.png"; readonly sets: readonly DistilledSet[] };

const ask = <T>(question: ToSetFiles): Promise<T> =>
  oneAnswer(
    () => new Worker(new URL("./set-files-worker.ts", import.meta.url), { type: "module" }),
    question,
    "The reading of files failed",
  );

/** Reads a set from a file of any kind that the library knows. */
export const readSet = (bytes: Uint8Array, name: string): Promise<DistilledSet> => ask({ kind: "read", bytes, name });

/** Reads the set of a link. */
export const unpackedSet = (text: string): Promise<DistilledSet> => ask({ kind: "unpack", text });

/** Returns the text of a link that holds the set. */
export const packedSet = (set: DistilledSet, bits: PackedBits): Promise<string> => ask({ kind: "pack", set, bits });

/** Writes a set as a file: its arrays, or one picture of all images. */
export const setFile = (kind: "npz" | "png", set: DistilledSet): Promise<Uint8Array> => ask({ kind, set });

/** Writes an animated picture of a set as it grew. */
export const growthFile = (sets: readonly DistilledSet[]): Promise<Uint8Array> => ask({ kind: "growth.png", sets });
