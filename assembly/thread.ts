// Kernel threads: one pattern and nothing else. The caller publishes one job, takes part in it, and waits for it.
//
// A job is cut into chunks of tiles. `open` counts the chunks nobody has taken, downwards: whoever lowers it from a
// positive value owns a chunk, and the job stays as it is until that chunk is done, so its arguments may be read
// then and only then. A thread that wakes late finds `open` at or below zero and goes back to sleep; nobody waits for
// it. Which thread computes a chunk cannot change a result: tiles write disjoint outputs. But the caller takes chunks from
// the front and the others from the back, so that what a core wrote in one job it mostly reads again in the next.
import { runPublished } from "./job";
import { BACK, DONE, GENERATION, JOB, JOB_CHUNKS, JOB_TILES, OPEN, SLEEPING, SPINS, WAITING } from "./memory-map";

/** Sets how many loads a thread spins before it sleeps. Must be called before there are threads. */
export function setSpins(spins: i32): void {
  store<i32>(SPINS, spins);
}

/** The tile that a chunk begins with: their sizes differ by one tile at most, so that threads have as much to do each. */
function boundary(chunk: i32, tiles: u32, chunks: u32): i32 {
  return <i32>((<u64>chunk * tiles) / chunks);
}

function work(scratch: usize, caller: bool): void {
  for (let front = 0; atomic.sub<i32>(OPEN, 1) > 0; ) {
    const chunk = caller ? front++ : atomic.sub<i32>(BACK, 1) - 1;
    const tiles = load<u32>(JOB + JOB_TILES);
    const chunks = load<u32>(JOB + JOB_CHUNKS);
    runPublished(scratch, boundary(chunk, tiles, chunks), boundary(chunk + 1, tiles, chunks));
    atomic.add<i32>(DONE, 1);
    if (atomic.load<i32>(WAITING)) atomic.notify(DONE, 1);
  }
}

/** Waits until `chunks` are done. A page's main thread may not sleep and spins on. */
function join(chunks: i32, maySleep: i32): void {
  for (let i = load<i32>(SPINS); i > 0 || !maySleep; i--) {
    if (atomic.load<i32>(DONE) >= chunks) return;
  }
  atomic.store<i32>(WAITING, 1);
  for (let done = atomic.load<i32>(DONE); done < chunks; done = atomic.load<i32>(DONE)) {
    atomic.wait<i32>(DONE, done, -1);
  }
  atomic.store<i32>(WAITING, 0);
}

/**
 * Runs the published job of `chunks` chunks on this thread and on those of the `others` that are awake. It
 * wakes threads until `helpers` of them are awake; if there are more threads than processors, the others sleep on.
 */
export function dispatch(scratch: usize, chunks: i32, helpers: i32, others: i32, maySleep: i32): void {
  if (!ASC_FEATURE_THREADS || chunks == 1) {
    runPublished(scratch, 0, load<i32>(JOB + JOB_TILES));
    return;
  }
  atomic.store<i32>(DONE, 0);
  atomic.store<i32>(BACK, chunks);
  atomic.store<i32>(OPEN, chunks);
  atomic.add<i32>(GENERATION, 1);
  const asleep = atomic.load<i32>(SLEEPING);
  const missing = helpers - (others - asleep);
  if (asleep > 0 && missing > 0) atomic.notify(GENERATION, missing);
  work(scratch, true);
  join(chunks, maySleep);
}

/** The life of a kernel thread: returns when `stopThreads` was called. */
export function threadMain(scratch: usize): void {
  if (!ASC_FEATURE_THREADS) return;
  let seen = 0;
  for (;;) {
    let now = atomic.load<i32>(GENERATION);
    for (let i = load<i32>(SPINS); now == seen && i > 0; i--) now = atomic.load<i32>(GENERATION);
    if (now == seen) {
      atomic.add<i32>(SLEEPING, 1);
      atomic.wait<i32>(GENERATION, seen, -1);
      atomic.sub<i32>(SLEEPING, 1);
      now = atomic.load<i32>(GENERATION);
    }
    if (now < 0) return;
    seen = now;
    work(scratch, false);
  }
}

/** Ends every kernel thread. No job may be running, and none can follow. */
export function stopThreads(): void {
  if (!ASC_FEATURE_THREADS) return;
  atomic.store<i32>(GENERATION, i32.MIN_VALUE);
  atomic.notify(GENERATION, -1);
}
