// A group gives a task whose worker dies to a fresh one. The workers are played in this thread, so that each dies when it should.
import { expose, type Remote } from "comlink";
import { describe, expect, test } from "vitest";
import { WorkerError } from "../../src/errors.ts";
import { FRESH_WORKERS, WorkerGroup } from "../../src/workers/group.ts";
import type { StartWorker } from "../../src/workers/start.ts";
import type { Group } from "../../src/workers/tasks.ts";

interface Api {
  start(): Promise<void>;
  open(what: string): Promise<void>;
  square(k: number): Promise<number>;
}

const square = (api: Remote<Api>, k: number) => api.square(k);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Workers that square numbers. `dies(k, time)` says whether one dies of number k when it is asked for it for that time, from 1
 * on; an Error is thrown instead. The log has what each worker did, by the order of starts.
 */
function played(dies: (k: number, time: number) => boolean | Error) {
  const log: string[] = [];
  const times = new Map<number, number>();
  let started = 0;
  const start: StartWorker = (port, died) => {
    const worker = started++;
    const note = (what: string) => void log.push(`${worker} ${what}`);
    const api: Api = {
      start: async () => note("starts"),
      open: async (what) => note(`opens ${what}`),
      async square(k) {
        note(`squares ${k}`);
        times.set(k, (times.get(k) ?? 0) + 1);
        const fate = dies(k, times.get(k)!);
        if (fate instanceof Error) throw fate;
        if (fate) {
          died(`died of ${k}`);
          return new Promise(() => {});
        }
        return k * k;
      },
    };
    expose(api, port);
    return {
      async terminate() {
        await pause(5);
        port.close();
        note("has ended");
      },
      keepAlive() {},
    };
  };
  return { start, log };
}

async function groupOf(workers: number, dies: Parameters<typeof played>[0], signal?: AbortSignal) {
  const { start, log } = played(dies);
  const group = await WorkerGroup.start<Api>({ workers, engine: { threads: 1 }, start, signal });
  return { group, log };
}

/** The squares of the numbers below `count` in the order in which they were delivered. */
async function squares(group: Group<Api>, count: number): Promise<number[]> {
  const all: number[] = [];
  await group.inOrder(count, square, (_, result) => all.push(result));
  return all;
}

describe("a task whose worker dies", () => {
  test("is run again on a fresh one, and all results come in order", async () => {
    const { group, log } = await groupOf(2, (k, time) => k === 2 && time === 1);
    expect(await squares(group, 5)).toEqual([0, 1, 4, 9, 16]);
    expect(log.filter((what) => what.endsWith("squares 2"))).toHaveLength(2);
    await group.dispose();
  });

  test("is run after the fresh one has started and opened what the others have open, when the dead one has ended", async () => {
    const { group, log } = await groupOf(1, (k, time) => k === 0 && time === 1);
    await group.all((api) => api.open("a run"));
    await group.all((api) => api.open("a test"));
    await squares(group, 1);
    expect(log).toEqual([
      ...["0 starts", "0 opens a run", "0 opens a test", "0 squares 0", "0 has ended"],
      ...["1 starts", "1 opens a test", "1 squares 0"],
    ]);
    await group.dispose();
    expect(log.at(-1)).toBe("1 has ended");
  });

  test(`may use up ${FRESH_WORKERS} fresh ones, each task anew`, async () => {
    const { group } = await groupOf(1, (_, time) => time <= FRESH_WORKERS);
    expect(await squares(group, 4)).toEqual([0, 1, 4, 9]);
    await group.dispose();
  });

  test("of all of them ends every call with the death of the last, and stops the others", async () => {
    const { group, log } = await groupOf(2, (k) => k === 1);
    const delivered: number[] = [];
    const tasks = group.inOrder(2, square, (k) => delivered.push(k));
    const death = new WorkerError("worker 2 of 2: died of 1");
    await expect(tasks).rejects.toThrow(death);
    expect(log.filter((what) => what.endsWith("squares 1"))).toHaveLength(1 + FRESH_WORKERS);
    await expect(group.all((api) => api.open("more"))).rejects.toThrow(death);
    await group.dispose();
    expect(log.filter((what) => what.endsWith("starts"))).toHaveLength(2 + FRESH_WORKERS);
    expect(log.filter((what) => what.endsWith("has ended"))).toHaveLength(2 + FRESH_WORKERS);
  });

  test("of a call to all workers is given to a fresh one too", async () => {
    const { group, log } = await groupOf(2, (k, time) => k === 7 && time === 1);
    await group.all(async (api) => void (await api.square(7)));
    expect(log.filter((what) => what.endsWith("squares 7")).length).toBeGreaterThanOrEqual(3);
    await group.dispose();
  });
});

describe("an error that a task throws", () => {
  test("is not tried again, and its worker goes on", async () => {
    const { group, log } = await groupOf(1, (k) => k === 1 && new RangeError("too many"));
    await expect(squares(group, 3)).rejects.toThrow(new RangeError("too many"));
    expect(log.filter((what) => what === "0 squares 1")).toHaveLength(1);
    expect(await squares(group, 1)).toEqual([0]);
    expect(log.filter((what) => what.endsWith("starts"))).toEqual(["0 starts"]);
    await group.dispose();
  });

  test("is tried on a fresh worker where it is a WorkerError: the kernels have failed", async () => {
    const { group, log } = await groupOf(1, (k, time) => k === 0 && time === 1 && new WorkerError("a kernel failed"));
    expect(await squares(group, 2)).toEqual([0, 1]);
    expect(log).toEqual(["0 starts", "0 squares 0", "0 has ended", "1 starts", "1 squares 0", "1 squares 1"]);
    await group.dispose();
  });
});

test("a signal that aborts while a worker is replaced starts no fresh one, and ends the call with its reason", async () => {
  const stop = new AbortController();
  const dies = () => {
    // The dead worker takes 5 ms to end.
    setTimeout(() => stop.abort("enough"), 1);
    return true;
  };
  const { group, log } = await groupOf(1, dies, stop.signal);
  await expect(squares(group, 1)).rejects.toBe("enough");
  await group.dispose();
  expect(log).toEqual(["0 starts", "0 squares 0", "0 has ended"]);
});

test("a worker takes its next task when what follows its last one has ended", async () => {
  const { group, log } = await groupOf(1, () => false);
  const ended: number[] = [];
  const end = async (result: number) => {
    await pause(5);
    ended.push(result);
    log.push(`ended ${result}`);
  };
  await group.inOrder(3, square, () => {}, end);
  expect(log).toEqual(["0 starts", ...[0, 1, 2].flatMap((k) => [`0 squares ${k}`, `ended ${k * k}`])]);
  await group.dispose();
});
