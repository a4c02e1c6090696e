// The side that asks. It has the truth: whatever the server loses is put there again, and whatever was asked for and does not come is
// asked for again. A call is a function of what it is given, so it does not matter who answers, how often, or in which order.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Queue } from "bullmq";
import type { Remote } from "comlink";
import type { Redis } from "ioredis";
import { parseJson } from "../codecs/json.ts";
import type { ElsewhereOptions } from "../engine/elsewhere.ts";
import { UnsupportedError, WorkerError } from "../errors.ts";
import { inOrder } from "../workers/in-order.ts";
import type { Group, Task } from "../workers/tasks.ts";
import { withClass } from "../workers/thrown.ts";
import { type Pieces, sha256Of, Uploads } from "./blobs.ts";
import { Calls, type Waiting } from "./calls.ts";
import {
  type Asked,
  type Call,
  calls,
  checkNote,
  type Job,
  jobName,
  type Note,
  type Opening,
  openings,
} from "./job.ts";
import { notesKey, PREFIX, replyKey, runKey } from "./keys.ts";
import { BEAT_MS, record, runsThere, workersThere } from "./registry.ts";
import { described, queueName, release } from "./release.ts";
import type { Server } from "./server.ts";
import { pause } from "./server.ts";
import { unpacked, wired } from "./wire.ts";

/** Calls that wait at once: more would only fill the server. */
const AT_ONCE = 256;
/** The most bytes of a note and of a reply. */
const MOST_NOTE = 2 ** 16;
const MOST_REPLY = 2 ** 29;

/** So long a server that is away is waited for at the end of a run, in milliseconds. */
const TIDY_MS = 5000;

/** What a coordinator tells of itself. */
export interface CoordinatorOptions extends ElsewhereOptions {
  /** What the run is, in words, for whoever asks for the status. */
  readonly title: string;
  readonly onNotice: (message: string) => void;
}

export class Coordinator<Api> implements Group<Api> {
  readonly #server: Server;
  readonly #queue: Queue;
  readonly #options: CoordinatorOptions;
  readonly #run = randomUUID();
  readonly #uploads: Uploads;
  readonly #calls = new Calls();
  #specification: { readonly name: Opening; readonly made: ReturnType<typeof wired>; pieces: Pieces } | undefined;
  #end: { readonly reason: unknown } | undefined;
  readonly #loops: Promise<void>[] = [];
  readonly #notes: Redis;
  #step: number | undefined;
  /** What was said of workers, so that it is said once. */
  #said = "";

  private constructor(server: Server, options: CoordinatorOptions) {
    const { bullmq } = server.peers;
    this.#server = server;
    this.#options = options;
    this.#queue = new bullmq.Queue(queueName(), { connection: server.another(), prefix: PREFIX });
    this.#queue.on("error", () => {});
    this.#notes = server.another();
    this.#uploads = new Uploads(server);
  }

  /** Begins a run on a server, of which it takes the connections along. Throws UnsupportedError for engines that give other bits. */
  static async start<Api>(server: Server, options: CoordinatorOptions): Promise<Coordinator<Api>> {
    const { backend = "wasm", simd } = options.engine;
    if (simd === "relaxed" || (backend !== "wasm" && backend !== "reference")) {
      throw new UnsupportedError(
        `a cluster computes with the strict kernels, expected the backend "wasm", got ${simd === "relaxed" ? "relaxed SIMD" : `"${backend}"`}`,
      );
    }
    const coordinator = new Coordinator<Api>(server, options);
    options.signal?.addEventListener("abort", coordinator.#abort);
    await coordinator.#beat();
    coordinator.#loops.push(coordinator.#listen(), coordinator.#watch());
    return coordinator;
  }

  /** Stores what every worker opens before the next calls. */
  async all(task: Task<Api, void>): Promise<void> {
    const { name, args } = await recorded(task, openings);
    const made = wired(args);
    this.#specification = { name, made, pieces: await this.#stored(name, made, false) };
  }

  async #stored(name: Opening, made: ReturnType<typeof wired>, again: boolean): Promise<Pieces> {
    const opening: Asked<Opening> = { name, message: await this.#uploads.put(made, again) };
    return this.#uploads.putJson({ backend: this.#options.engine.backend ?? "wasm", opening }, again);
  }

  async inOrder<T>(
    count: number,
    task: (api: Remote<Api>, k: number) => Promise<T>,
    deliver: (k: number, result: T) => void,
    ended: (result: T) => unknown = () => {},
  ): Promise<void> {
    await inOrder({
      ...{ count, atOnce: AT_ONCE, deliver, ended },
      task: (k) => task(this.#api, k),
      check: () => {
        if (this.#end) throw this.#end.reason;
      },
    });
    await this.#calls.forgotten((messages) => this.#uploads.remove(messages));
  }

  /** Stands for a worker: its functions ask the cluster. */
  readonly #api = new Proxy({} as Remote<Api>, {
    get: (_, name) => {
      if (!calls.includes(name as Call)) return undefined;
      return (...args: readonly unknown[]) => this.#ask(name as Call, args);
    },
  });

  async #ask(name: Call, args: readonly unknown[]): Promise<unknown> {
    if (this.#end) throw this.#end.reason;
    const { step } = (args[0] ?? {}) as { readonly step?: number };
    if (step !== undefined) this.#step = step;
    const made = wired(args);
    return this.#calls.add(name, made, async (waiting) => {
      waiting.message = await this.#uploads.put(made);
      await this.#enqueue(waiting);
    });
  }

  async #enqueue({ call, attempt, name, message }: Waiting): Promise<void> {
    const specification = this.#specification!.pieces;
    const job: Job = { run: this.#run, call, attempt, specification, asked: { name, message: message! } };
    await this.#server.patiently(async () => {
      await this.#queue.add(name, job, { jobId: jobName(job), removeOnComplete: true, removeOnFail: true });
    }, this.#options.signal);
  }

  /** Asks again for a call, after what workers need was put on the server again if they missed it. */
  async #again(waiting: Waiting, missed: boolean): Promise<void> {
    waiting.attempt++;
    waiting.begun = undefined;
    waiting.asked = Date.now();
    if (missed) {
      const specification = this.#specification!;
      specification.pieces = await this.#stored(specification.name, specification.made, true);
      waiting.message = await this.#uploads.put(waiting.made, true);
    }
    await this.#enqueue(waiting);
  }

  /** Hears what workers say of jobs, until the end. */
  async #listen(): Promise<void> {
    while (!this.#end) {
      try {
        const popped = await this.#notes.blpop(notesKey(this.#run), 1);
        if (popped && popped[1].length <= MOST_NOTE)
          await this.#heed(checkNote(parseJson(popped[1], "a note of a worker")));
      } catch (error) {
        if (this.#end) break;
        this.#options.onNotice(`a note of a worker was not understood: ${(error as Error).message}`);
        await pause(100);
      }
    }
  }

  async #heed(note: Note): Promise<void> {
    const waiting = this.#calls.get(note.call);
    if (!waiting) {
      // Somebody else has answered before.
      if (note.what === "done") await this.#server.redis.unlink(this.#replyKey(note));
      return;
    }
    switch (note.what) {
      case "begun":
        waiting.begun ??= Date.now();
        waiting.worker = note.worker;
        return;
      case "done":
        return this.#take(waiting, note);
      case "failed": {
        const { name = "Error", message = "a worker failed" } = note.error ?? {};
        if (name !== "WorkerError") return this.#calls.reject(waiting, withClass({ name, message }));
        return this.#retry(waiting, new WorkerError(`${note.worker}: ${message}`), false);
      }
      case "missing":
        return this.#again(waiting, true);
      case "spoiled":
        this.#options.onNotice(`${note.error?.message ?? "a piece of data was changed"}; it was put there again`);
        return this.#retry(waiting, new WorkerError(note.error?.message ?? "a piece of data was changed"), true);
      case "given back":
        return this.#again(waiting, false);
    }
  }

  /** Asks again, but not for ever. */
  async #retry(waiting: Waiting, error: WorkerError, missed: boolean): Promise<void> {
    if (++waiting.failures > 3) this.#calls.reject(waiting, error);
    else await this.#again(waiting, missed);
  }

  #replyKey({ call, attempt }: Note): string {
    return replyKey(jobName({ run: this.#run, call, attempt }));
  }

  /** Fetches a reply. */
  async #take(waiting: Waiting, note: Note): Promise<void> {
    const { bytes = 0, sha256, worker, milliseconds } = note;
    const key = this.#replyKey(note);
    const { redis, address } = this.#server;
    const length = await redis.strlen(key);
    const reply = length === bytes && length <= MOST_REPLY ? await redis.getdelBuffer(key) : null;
    if (reply === null || sha256Of(reply) !== sha256) {
      const what = length === 0 ? "is not there" : "is not what its worker made";
      return this.#retry(waiting, new WorkerError(`${address.shown}: a reply of ${worker} ${what}`), false);
    }
    let value: unknown;
    try {
      value = unpacked(reply);
    } catch (error) {
      return this.#retry(waiting, new WorkerError(`${worker}: ${(error as Error).message}`), false);
    }
    this.#calls.resolve(waiting, value, milliseconds ?? 0);
  }

  /** Says that the run goes on, looks for what does not come, and for who is there. */
  async #watch(): Promise<void> {
    for (let beat = 0; !this.#end; beat++) {
      await Promise.race([pause(BEAT_MS), this.#calls.stopped]);
      if (this.#end) break;
      try {
        await this.#beat();
        for (const waiting of this.#calls.late()) await this.#again(waiting, false);
        for (const waiting of this.#calls.unbegun()) await this.#stillQueued(waiting);
        await this.#lookForWorkers();
        if (beat % 100 === 99) await this.#uploads.keep();
      } catch (error) {
        if (!this.#end) this.#options.onNotice(`${this.#server.address.shown}: ${(error as Error).message}`);
      }
    }
  }

  async #beat(): Promise<void> {
    await this.#server.patiently(
      () =>
        record(this.#server.redis, {
          ...release(),
          run: this.#run,
          title: this.#options.title,
          host: hostname(),
          pid: process.pid,
          ...this.#calls.counts(),
          step: this.#step,
        }),
      this.#options.signal,
    );
  }

  /** Asks again for a call of which the server, which may have been started anew, knows nothing. */
  async #stillQueued(waiting: Waiting): Promise<void> {
    const state = await this.#queue.getJobState(jobName({ ...waiting, run: this.#run }));
    if (state === "unknown" && this.#calls.get(waiting.call) === waiting) await this.#again(waiting, true);
  }

  /** Says if nobody is there who could compute. */
  async #lookForWorkers(): Promise<void> {
    if (this.#calls.counts().waiting === 0) return;
    const own = release();
    const there = await workersThere(this.#server.redis);
    const fitting = there.filter(({ version, kernels }) => version === own.version && kernels === own.kernels);
    const others = there.filter((worker) => !fitting.includes(worker));
    const lines = others.map(
      (other) => `${other.worker} is refused: it has release ${described(other)}, this run ${described(own)}`,
    );
    if (fitting.length === 0)
      lines.push(`no worker is there; start one with: distillate worker --cluster ${this.#server.address.shown}`);
    const said = lines.join("\n");
    if (said !== this.#said) for (const line of lines) this.#options.onNotice(line);
    this.#said = said;
  }

  readonly #abort = (): void => this.#stop(this.#options.signal!.reason);

  #stop(reason: unknown): void {
    this.#end ??= { reason };
    this.#calls.stop(reason);
    this.#notes.disconnect();
  }

  /** Ends all calls, and leaves nothing on the server. */
  async dispose(): Promise<void> {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    this.#stop(new Error("the run on the cluster was ended"));
    const tidied = Promise.all(this.#loops)
      .then(() => this.#tidied())
      .then(
        () => "",
        (error: Error) => error.message,
      );
    const why = await Promise.race([tidied, pause(TIDY_MS).then(() => "it does not answer")]);
    if (why !== "")
      this.#options.onNotice(`${this.#server.address.shown}: ${why}; what this run left there ends by itself`);
    this.#server.close();
  }

  async #tidied(): Promise<void> {
    const { redis } = this.#server;
    await this.#uploads.removeAll();
    // From here on no worker tells it anything.
    await redis.unlink(runKey(this.#run));
    for (const note of await redis.lrange(notesKey(this.#run), 0, -1)) {
      await redis.unlink(this.#replyKey(checkNote(parseJson(note, "a note of a worker"))));
    }
    await redis.unlink(notesKey(this.#run));
    // The last one takes the queue away too. Should another run begin just now, it will miss its jobs and ask again.
    if ((await runsThere(redis)).length === 0) await this.#queue.obliterate({ force: true });
  }
}

/** Returns which of `names` a task calls, and with which arguments. */
async function recorded<Api>(
  task: Task<Api, void>,
  names: readonly Opening[],
): Promise<{ readonly name: Opening; readonly args: readonly unknown[] }> {
  let call: { readonly name: Opening; readonly args: readonly unknown[] } | undefined;
  const api = new Proxy({} as Remote<Api>, {
    get: (_, name) => {
      if (!names.includes(name as Opening)) return undefined;
      return async (...args: readonly unknown[]) => {
        call = { name: name as Opening, args };
      };
    },
  });
  await task(api);
  return call!;
}
