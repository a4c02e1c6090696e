// Brings arrays of users, [n, c, h, w], into the layout of the kernels, images innermost, and back.
import type { Arena } from "../backend/arena.ts";
import { type Backend, write } from "../backend/backend.ts";
import { type Buffer, type Floats, type OptionalBuffer, required } from "../backend/buffer.ts";
import type { Loss } from "../nn/loss.ts";
import type { Model } from "../nn/model.ts";
import type { LabelledImages } from "./passes.ts";

/** A model on an engine. */
export interface Binding {
  readonly model: Model;
  readonly backend: Backend;
  readonly arena: Arena;
  readonly loss: Loss;
}

/** Images and targets that were checked. */
export interface CheckedBatch extends LabelledImages {
  readonly count: number;
  /** Whether targets are class indices. */
  readonly hard: boolean;
}

/** The sizes of values [features, lanes], of which the first `images` columns are real. */
interface Columns {
  readonly features: number;
  readonly images: number;
  readonly lanes: number;
}

/** Returns what `record` reads, in a scope of its own. All of it is recorded before any of it is awaited. */
export async function allRead<T extends Record<string, unknown>>(
  { arena }: Binding,
  record: () => { [Key in keyof T]: Promise<T[Key]> },
): Promise<T> {
  const reads = arena.scope(record);
  const values = await Promise.all(Object.values(reads));
  return Object.fromEntries(Object.keys(reads).map((key, i) => [key, values[i]])) as T;
}

/** Writes the values to a buffer of their own. */
export function store({ backend, arena }: Binding, values: ArrayLike<number>): Buffer {
  const buffer = arena.allocate(values.length);
  write(backend, buffer, values);
  return buffer;
}

/** Loads rows [images, features] as columns, whose padding is zero. */
export function loadColumns(binding: Binding, target: Buffer, rows: ArrayLike<number>, columns: Columns): void {
  const { arena, backend } = binding;
  arena.scope(() => backend.ops.packImages(target, store(binding, rows), columns));
}

/** Loads targets as columns [classes, lanes], which are one-hot where the targets are class indices. */
export function loadTargets(
  binding: Binding,
  target: Buffer,
  { targets, hard, count }: CheckedBatch,
  lanes: number,
): void {
  const { arena, backend, model } = binding;
  const { classes } = model;
  if (!hard) {
    loadColumns(binding, target, targets, { features: classes, images: count, lanes });
    return;
  }
  arena.scope(() => backend.ops.oneHot(target, store(binding, targets), { classes, images: count, lanes }));
}

/** Reads columns as rows [images, features]. */
export function readColumns({ arena, backend }: Binding, source: OptionalBuffer, columns: Columns): Promise<Floats> {
  const buffer = required(source, "a gradient that is read");
  return arena.scope(() => {
    const floats = columns.features * columns.images;
    const rows = arena.allocate(floats);
    backend.ops.unpackImages(rows, buffer, columns);
    return backend.read(rows, floats);
  });
}
