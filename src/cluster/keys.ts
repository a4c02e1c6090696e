// What a cluster stores on its server: every key begins with the same word, and all but those of the queue end by themselves.

/** The first part of every key, and of the queue's. */
export const PREFIX = "distillate";

/** How long a key is kept that nobody asks for, in seconds. */
export const seconds = {
  /** Pieces of data, weights and messages; a coordinator makes those that it needs last longer. */
  blob: 3600,
  /** Replies, which a coordinator fetches at once, and asks for again if it was away for longer. */
  reply: 60,
  /** A run or a worker that has not been heard of. */
  alive: 15,
} as const;

/** Returns the key of bytes with this SHA-256. */
export function blobKey(sha256: string): string {
  return `${PREFIX}:blob:${sha256}`;
}

/** Returns the key of a run that goes on. */
export function runKey(run: string): string {
  return `${PREFIX}:run:${run}`;
}

/** Returns the key of the list of notes to a run's coordinator. */
export function notesKey(run: string): string {
  return `${PREFIX}:notes:${run}`;
}

/** Returns the key of what a job gave. */
export function replyKey(job: string): string {
  return `${PREFIX}:reply:${job}`;
}

/** Returns the key of a worker that is there. */
export function workerKey(worker: string): string {
  return `${PREFIX}:worker:${worker}`;
}
