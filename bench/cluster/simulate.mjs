// One outer step on a cluster, as events in the order of their times. Run, server and the server's line are each busy with one thing at a
// time, and workers take jobs as they come, as in src/cluster; what each of them takes for a job was measured (fit.mjs).

/** Something that does one thing at a time, in the order in which it is asked to. */
class Busy {
  #free = 0;

  /** Returns when a thing of this duration ends that is asked for now. */
  until(now, duration) {
    this.#free = Math.max(now, this.#free) + duration;
    return this.#free;
  }
}

/** Calls functions in the order of their times. */
class Events {
  #waiting = [];
  #count = 0;

  at(time, run) {
    // A heap: the earliest is the first, and of two at once the one that was added before.
    const heap = this.#waiting;
    const event = { time, order: this.#count++, run };
    let i = heap.push(event) - 1;
    for (; i > 0 && earlier(event, heap[(i - 1) >> 1]); i = (i - 1) >> 1) heap[i] = heap[(i - 1) >> 1];
    heap[i] = event;
  }

  run() {
    while (this.#waiting.length > 0) {
      const { time, run } = this.#next();
      run(time);
    }
  }

  #next() {
    const heap = this.#waiting;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child + 1 < heap.length && earlier(heap[child + 1], heap[child])) child++;
      if (child >= heap.length || !earlier(heap[child], last)) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return first;
  }
}

const earlier = (a, b) => a.time < b.time || (a.time === b.time && a.order < b.order);

/**
 * Returns the milliseconds of an outer step.
 *
 * `costs`: milliseconds that the run needs for a step and for a job, the server for a job, and a worker for a job beside computing.
 * `compute`: returns the milliseconds that the next network takes. `bytes`: of the learned values, and of a reply. `network`: bytes a
 * millisecond of the server's line in each direction, and milliseconds of a way from one machine to another.
 */
export function stepTime({ networks, workers, costs, compute, bytes, network }) {
  const events = new Events();
  const [run, server, toServer, fromServer] = Array.from({ length: 4 }, () => new Busy());
  const { perByte, way } = network;
  const idle = Array.from({ length: workers }, () => ({ hasValues: false }));
  const queued = [];
  let done = 0;
  let end = 0;

  // Half of what run and server do for a job comes before the worker's part, and half after it.
  const half = { run: costs.run / 2, server: costs.server / 2 };

  const give = (now) => {
    while (queued.length > 0 && idle.length > 0) {
      queued.pop();
      const worker = idle.shift();
      const fetched = worker.hasValues ? 0 : bytes.values * perByte;
      worker.hasValues = true;
      const ready = fromServer.until(now, fetched) + 2 * way;
      events.at(ready + costs.worker + compute(), (then) => reply(worker, then));
    }
  };
  const reply = (worker, now) => {
    const there = toServer.until(now, bytes.reply * perByte) + way;
    events.at(there, (then) => {
      const noted = server.until(then, half.server);
      events.at(noted, () => {
        idle.push(worker);
        give(noted);
      });
      const fetched = fromServer.until(noted, bytes.reply * perByte) + way;
      events.at(fetched, (later) => {
        end = run.until(later, half.run);
        done++;
      });
    });
  };

  const begun = run.until(0, costs.step);
  const uploaded = toServer.until(begun, bytes.values * perByte) + way;
  for (let k = 0; k < networks; k++) {
    events.at(run.until(uploaded, half.run), (now) => {
      events.at(server.until(now, half.server) + way, (then) => {
        queued.push(k);
        give(then);
      });
    });
  }
  events.run();
  if (done !== networks) throw new Error(`${done} of ${networks} networks were done`);
  return end;
}
