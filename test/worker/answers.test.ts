// What comes back from a worker: an answer, what the worker threw, or the reason for which it has ended. It is played in this
// thread.
import { expose, proxy, transferHandlers } from "comlink";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { FormatError, WorkerError } from "../../src/errors.ts";
import { SupervisedWorker } from "../../src/workers/supervised.ts";

/** The ports of the caller's side, with what was asked of them. */
const ports: { readonly port: MessagePort; readonly asked: string[] }[] = [];

vi.mock("../../src/platform/platform.ts", async (original) => {
  const real = await original<typeof import("../../src/platform/platform.ts")>();
  return {
    ...real,
    MessageChannel: class {
      constructor() {
        const channel = new real.MessageChannel();
        const asked: string[] = [];
        for (const what of ["ref", "unref", "close"] as const) {
          const port = channel.port1 as unknown as Record<typeof what, () => void>;
          const done = port[what];
          port[what] = () => {
            asked.push(what);
            done.call(port);
          };
        }
        ports.push({ port: channel.port1, asked });
        Object.assign(this, { port1: channel.port1, port2: channel.port2 });
      }
    },
  };
});

beforeEach(() => void ports.splice(0));

type Api = Record<"answer" | "fail" | "hang", (...given: unknown[]) => Promise<unknown>>;

/** A worker that answers with what it is given, throws it, or never answers. */
function played(api: Partial<Record<keyof Api, unknown>> = {}) {
  const log: string[] = [];
  let die = (_: string): void => {};
  const worker = new SupervisedWorker<Api>("worker 3 of 4", (port, died) => {
    const all = {
      answer: (value: unknown) => value,
      fail(value: unknown) {
        throw value;
      },
      hang: () => new Promise(() => {}),
      ...api,
    };
    expose(all, port);
    die = died;
    return {
      async terminate() {
        port.close();
        log.push("terminated");
      },
      keepAlive: (wanted) => void log.push(wanted ? "awake" : "asleep"),
    };
  });
  return { worker, log, die, asked: ports.at(-1)!.asked, port: ports.at(-1)!.port };
}

const over = new Error("over");

describe("a call", () => {
  test("is answered, and several at a time each with its own answer", async () => {
    const { worker } = played();
    const answers = [1, 2, 3].map((k) => worker.call((api) => api.answer(k)));
    expect(await Promise.all(answers)).toEqual([1, 2, 3]);
    await worker.stop(over);
  });

  test.each([
    ["a FormatError", new FormatError("evil.bin: no"), FormatError],
    ["a RangeError", new RangeError("too many"), RangeError],
    ["an Error", new Error("plain"), Error],
  ])("ends with %s that the worker threw, of its class and with the worker's stack", async (_, error, Class) => {
    const { worker } = played({
      fail() {
        throw error;
      },
    });
    const thrown: unknown = await worker.call((api) => api.fail()).catch((reason) => reason);
    expect(thrown).toBeInstanceOf(Class);
    const { name, message, stack } = error;
    expect(thrown).toMatchObject({ name, message, stack });
    expect(thrown).not.toBe(error);
    await worker.stop(over);
  });

  test.each([[undefined], ["a text"], [7], [null], [{ code: 1 }]])(
    "ends with what is no error, as the worker threw it: %j",
    async (value) => {
      const { worker } = played({
        fail() {
          throw value;
        },
      });
      expect(
        await worker
          .call((api) => api.fail())
          .then(
            () => "answered",
            (reason: unknown) => reason,
          ),
      ).toEqual(value);
      await worker.stop(over);
    },
  );

  test("ends with the error of a task that throws before it asks anything", async () => {
    const { worker } = played();
    const task = (): never => {
      throw new RangeError("not today");
    };
    await expect(worker.call(task)).rejects.toThrow(new RangeError("not today"));
    expect(await worker.call((api) => api.answer(1))).toBe(1);
    await worker.stop(over);
  });
});

describe("the end of a worker", () => {
  test("ends each call that is under way, once, and every later one without asking the worker", async () => {
    const { worker, log } = played();
    const hanging = [1, 2].map(() => worker.call((api) => api.hang()));
    const ended = Promise.allSettled(hanging);
    await worker.stop(over);
    expect(await ended).toEqual([1, 2].map(() => ({ status: "rejected", reason: over })));
    const task = vi.fn(async () => 1);
    await expect(worker.call(task)).rejects.toBe(over);
    expect(task).not.toHaveBeenCalled();
    expect(worker.reason).toBe(over);
    expect(log.filter((what) => what === "terminated")).toHaveLength(1);
  });

  test("has the first reason, whatever comes later, and each who stops it waits until it has ended", async () => {
    let terminated = (): void => {};
    const worker = new SupervisedWorker<Api>("the worker", (port) => ({
      terminate() {
        port.close();
        return new Promise<void>((resolve) => {
          terminated = resolve;
        });
      },
      keepAlive() {},
    }));
    const order: string[] = [];
    const stops = [over, new Error("later")].map((reason) => worker.stop(reason).then(() => order.push("stopped")));
    await new Promise((resolve) => setTimeout(resolve, 20));
    order.push("terminated");
    terminated();
    await Promise.all(stops);
    expect(order).toEqual(["terminated", "stopped", "stopped"]);
    expect(worker.reason).toBe(over);
  });

  test("by death ends calls with a WorkerError that names the worker and the reason", async () => {
    const { worker, die, log } = played();
    expect(worker.reason).toBeUndefined();
    const call = worker.call((api) => api.hang());
    die("exited with code 9");
    die("and again");
    await expect(call).rejects.toThrow(new WorkerError("worker 3 of 4: exited with code 9"));
    expect(worker.reason).toBeInstanceOf(WorkerError);
    expect(log).toEqual(["awake", "terminated"]);
  });

  test("comes with an answer that cannot be read", async () => {
    const { worker, port } = played();
    const call = worker.call((api) => api.hang());
    port.dispatchEvent(new Event("messageerror"));
    await expect(call).rejects.toThrow(new WorkerError("worker 3 of 4: an answer could not be read"));
  });

  test("comes before its start if the host has none, with what the host says, and leaves no open port", () => {
    const start = () => {
      throw new Error("no more workers");
    };
    expect(() => new SupervisedWorker("worker 1 of 2", start)).toThrow(
      new WorkerError("worker 1 of 2: could not start: no more workers"),
    );
    expect(ports.map(({ asked }) => asked)).toEqual([["close"]]);
  });

  test("closes the port", async () => {
    const { worker, asked } = played();
    await worker.stop(over);
    expect(asked).toContain("close");
  });
});

describe("a program", () => {
  test("is kept alive by a worker while it has calls, from the first to the last", async () => {
    const { worker, log, asked } = played();
    asked.splice(0);
    const [first, second] = [worker.call((api) => api.answer(1)), worker.call((api) => api.answer(2))];
    expect(log).toEqual(["awake"]);
    await Promise.all([first, second]);
    expect(log).toEqual(["awake", "asleep"]);
    await worker.call((api) => api.fail(new Error("no"))).catch(() => {});
    expect(log).toEqual(["awake", "asleep", "awake", "asleep"]);
    expect(asked).toEqual(["ref", "unref", "ref", "unref"]);
    await worker.stop(over);
  });

  test("is not kept alive by the port of an object that a worker gave", async () => {
    const { worker } = played({ answer: () => proxy({ half: (value: number) => value / 2 }) });
    const given = (await worker.call((api) => api.answer())) as { half(value: number): Promise<number> };
    expect(await given.half(6)).toBe(3);
    const { port1 } = new MessageChannel();
    transferHandlers.get("proxy")!.deserialize(port1);
    expect((port1 as MessagePort & { hasRef(): boolean }).hasRef()).toBe(false);
    await worker.stop(over);
  });
});
