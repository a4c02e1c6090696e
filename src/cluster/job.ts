// What a coordinator asks workers for: a job names what must be open by its SHA-256, the call, and what the call is given.
import { FormatError } from "../errors.ts";
import { isObject } from "../kinds.ts";
import { checkPieces, checkStored, type Pieces, type StoredMessage } from "./blobs.ts";

/** Calls that open something on a worker. */
export const openings: readonly ["openRun", "openTest", "openTraining"] = ["openRun", "openTest", "openTraining"];
/** Calls of what is open. */
export const calls: readonly ["share", "accuracy", "confusion", "train"] = ["share", "accuracy", "confusion", "train"];

export type Opening = (typeof openings)[number];
export type Call = (typeof calls)[number];

/** A call and what it is given. */
export interface Asked<Name extends Opening | Call> {
  readonly name: Name;
  readonly message: StoredMessage;
}

/** What must be open for a job, and the engine that it is opened on. */
export interface Specification {
  readonly backend: string;
  readonly opening: Asked<Opening>;
}

/** A job, as it is in the queue. */
export interface Job {
  /** The run that asks. */
  readonly run: string;
  /** The number of the call in its run. */
  readonly call: number;
  /** How often it was asked for before. */
  readonly attempt: number;
  /** Where the specification is, as JSON. */
  readonly specification: Pieces;
  readonly asked: Asked<Call>;
}

/** Returns the name of a job, which no other has. */
export function jobName({ run, call, attempt }: Pick<Job, "run" | "call" | "attempt">): string {
  return `${run}-${call}-${attempt}`;
}

/** What a worker tells a coordinator of a job: that it has begun, that its reply is there, or why there is none. */
export interface Note {
  readonly call: number;
  readonly attempt: number;
  readonly worker: string;
  readonly what: "begun" | "done" | "failed" | "missing" | "spoiled" | "given back";
  /** The length and the SHA-256 of the reply, which is at `replyKey`. */
  readonly bytes?: number;
  readonly sha256?: string;
  /** How long the call took, in milliseconds. */
  readonly milliseconds?: number;
  /** What a call threw. */
  readonly error?: { readonly name: string; readonly message: string };
}

/** Returns a value as a job. Throws FormatError for others. */
export function checkJob(value: unknown): Job {
  const { run, call, attempt, specification, asked } = isObject(value) ? value : {};
  if (typeof run !== "string" || !/^[0-9a-f-]{1,64}$/.test(run) || !isCount(call) || !isCount(attempt)) {
    throw new FormatError("a job: expected a run, the number of a call and how often it was asked for, got others");
  }
  return {
    ...{ run, call, attempt },
    specification: checkPieces(specification),
    asked: checkAsked(asked, calls),
  };
}

/** Returns a value as a specification. Throws FormatError for others. */
export function checkSpecification(value: unknown): Specification {
  const { backend, opening } = isObject(value) ? value : {};
  if (typeof backend !== "string") throw new FormatError("a specification: expected the name of a backend, got none");
  return { backend, opening: checkAsked(opening, openings) };
}

/** Returns a value as a note. Throws FormatError for others. */
export function checkNote(value: unknown): Note {
  const note = isObject(value) ? (value as Partial<Record<keyof Note, unknown>>) : {};
  const { call, attempt, worker, what } = note;
  if (!isCount(call) || !isCount(attempt) || typeof worker !== "string" || typeof what !== "string") {
    throw new FormatError("a note of a worker: expected a call, its attempt, a worker and what it did, got others");
  }
  return note as Note;
}

function checkAsked<Name extends Opening | Call>(value: unknown, names: readonly Name[]): Asked<Name> {
  const { name, message } = isObject(value) ? value : {};
  if (!names.includes(name as Name)) {
    throw new FormatError(`a job: expected a call out of ${names.join(", ")}, got another`);
  }
  return { name: name as Name, message: checkStored(message) };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
