// The side that computes: takes jobs of its release from the queue, as many at once as it has slots, and replies to whoever asked.
import { hostname } from "node:os";
import type { Job as QueuedJob, Worker } from "bullmq";
import { parseJson } from "../codecs/json.ts";
import { FormatError, WorkerError } from "../errors.ts";
import { thrown } from "../kinds.ts";
import { quote } from "../quote.ts";
import { BlobError, Downloads, type Pieces, sha256Of } from "./blobs.ts";
import { checkJob, checkSpecification, type Job, jobName, type Note } from "./job.ts";
import { notesKey, PREFIX, replyKey, runKey, seconds, workerKey } from "./keys.ts";
import { BEAT_MS, record, runsThere } from "./registry.ts";
import { queueName, release } from "./release.ts";
import { pause, type Server } from "./server.ts";
import { Slot, type ToOpen } from "./slot.ts";
import { packed } from "./wire.ts";

/** How long a worker that is not heard of keeps a job, in milliseconds. */
const LOCK_MS = 3000;
/** A job that a worker died of is given to others; its coordinator decides how often. */
const MOST_STALLS = 1_000_000;
/** How often a job is tried on fresh threads before its coordinator hears that it fails. */
const TRIES = 3;

/** What the server does at once. Keys: the run, its notes, the reply. Arguments: how long they last, the note, the reply if there is one. */
const TELL = `
if redis.call("exists", KEYS[1]) == 0 then return 0 end
if ARGV[3] then redis.call("set", KEYS[3], ARGV[3], "EX", ARGV[1]) end
redis.call("rpush", KEYS[2], ARGV[2])
redis.call("expire", KEYS[2], ARGV[1])
return 1`;

/** What a worker has. */
export interface ServiceOptions {
  /** How many jobs are done at once. */
  readonly slots: number;
  /** The kernel threads of each. */
  readonly threads: number;
  readonly onNotice: (message: string) => void;
}

/** Serves a cluster until it is stopped. */
export class Service {
  /** Its name, which no other worker has. */
  readonly name: string = `${hostname()}-${process.pid}`;
  readonly #server: Server;
  readonly #options: ServiceOptions;
  readonly #worker: Worker;
  readonly #downloads: Downloads;
  readonly #free: Slot[];
  readonly #doing = new Set<string>();
  readonly #beats: Promise<void>;
  #done = 0;
  #draining = false;
  #ended = false;
  #tellEnd: () => void = () => {};
  readonly #end: Promise<void>;

  constructor(server: Server, options: ServiceOptions) {
    const { slots, threads } = options;
    this.#server = server;
    this.#options = options;
    this.#downloads = new Downloads(server);
    this.#free = Array.from({ length: slots }, (_, i) => new Slot(`slot ${i + 1} of ${slots}`, threads));
    this.#end = new Promise((resolve) => {
      this.#tellEnd = resolve;
    });
    const { bullmq } = server.peers;
    this.#worker = new bullmq.Worker(queueName(), (job) => this.#serve(job), {
      ...{ connection: server.another(), prefix: PREFIX, concurrency: slots },
      ...{ lockDuration: LOCK_MS, stalledInterval: LOCK_MS / 3, maxStalledCount: MOST_STALLS },
    });
    this.#worker.on("error", () => {});
    this.#beats = this.#beat();
  }

  /** Jobs done so far. */
  get done(): number {
    return this.#done;
  }

  /** Ends what was begun, takes nothing new, and closes. */
  async drain(): Promise<void> {
    this.#draining = true;
    await this.#record();
    await this.#worker.close();
    await this.#close();
  }

  /** Stops at once. What was begun is given to other workers when this one is not heard of any more. */
  async stop(): Promise<void> {
    await Promise.race([this.#worker.close(true), pause(1000)]);
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#ended = true;
    this.#tellEnd();
    await Promise.all(this.#free.map((slot) => slot.stop()));
    await Promise.race([this.#beats, pause(1000)]);
    this.#server.close();
  }

  async #beat(): Promise<void> {
    while (!this.#ended) {
      try {
        await this.#server.patiently(() => this.#record());
      } catch (error) {
        if (!this.#ended) this.#options.onNotice(`${this.#server.address.shown}: ${thrown(error).message}`);
      }
      await Promise.race([pause(BEAT_MS), this.#end]);
    }
    await this.#leave().catch(() => {});
  }

  /** Takes its record away, and if no run goes on the queue too, which other workers do without. */
  async #leave(): Promise<void> {
    const { redis, peers } = this.#server;
    await redis.unlink(workerKey(this.name));
    if ((await runsThere(redis)).length > 0) return;
    const queue = new peers.bullmq.Queue(queueName(), { connection: redis, prefix: PREFIX, skipMetasUpdate: true });
    await queue.obliterate({ force: true });
  }

  async #record(): Promise<void> {
    const { slots, threads } = this.#options;
    await record(this.#server.redis, {
      ...release(),
      ...{ worker: this.name, host: hostname(), pid: process.pid, slots, threads },
      ...{ doing: [...this.#doing], done: this.#done, draining: this.#draining },
    });
  }

  /** Does a job of the queue. Whatever its fault is, its coordinator hears of it and the worker lives. */
  async #serve(queued: QueuedJob): Promise<void> {
    let job: Job;
    try {
      job = checkJob(queued.data);
    } catch (error) {
      this.#options.onNotice(`a job was refused: ${thrown(error).message}`);
      return;
    }
    const { call, attempt } = job;
    const note = (what: Note["what"], more: Partial<Note> = {}): string =>
      JSON.stringify({ call, attempt, worker: this.name, what, ...more } satisfies Note);
    const waits = await this.#server.redis.eval(
      TELL,
      2,
      runKey(job.run),
      notesKey(job.run),
      seconds.reply,
      note("begun"),
    );
    // Nobody waits for a job whose run has ended.
    if (waits === 0) return;
    const began = performance.now();
    const doing = `${job.asked.name} ${job.call} of ${job.run}`;
    this.#doing.add(doing);
    try {
      const reply = packed(await this.#compute(job));
      const milliseconds = performance.now() - began;
      const told = note("done", { bytes: reply.length, sha256: sha256Of(reply), milliseconds });
      await this.#tell(job, told, reply);
      this.#done++;
    } catch (error) {
      const { name, message } = thrown(error);
      if (this.#ended) return;
      const what = error instanceof BlobError ? (error.spoiled ? "spoiled" : "missing") : "failed";
      // Of what is not there its coordinator knows more: perhaps it was answered, and taken away.
      if (what !== "missing") this.#options.onNotice(`${doing}: ${message}`);
      await this.#tell(job, note(what, { error: { name, message: message.slice(0, 2000) } }));
    } finally {
      this.#doing.delete(doing);
    }
  }

  /** Stores a reply and tells the coordinator: both, or nothing if its run has ended meanwhile. */
  async #tell(job: Job, note: string, reply?: Uint8Array): Promise<void> {
    const keys = [runKey(job.run), notesKey(job.run), replyKey(jobName(job))];
    const bytes = reply ? [Buffer.from(reply.buffer as ArrayBuffer, reply.byteOffset, reply.length)] : [];
    await this.#server.patiently(async () => {
      await this.#server.redis.eval(TELL, keys.length, ...keys, seconds.reply, note, ...bytes);
    });
  }

  async #compute(job: Job): Promise<unknown> {
    const { specification, asked } = job;
    const args = await this.#arguments(asked.message);
    const slot = this.#take(specification.pieces.join());
    try {
      for (let tried = 1; ; tried++) {
        try {
          return await slot.compute(await this.#toOpen(specification), asked.name, args);
        } catch (error) {
          if (!(error instanceof WorkerError) || tried === TRIES || this.#ended) throw error;
          // Its memory may hold anything.
          await slot.stop();
        }
      }
    } finally {
      this.#free.push(slot);
    }
  }

  /** Takes a free slot, if possible one in which the specification is open. */
  #take(digest: string): Slot {
    const fitting = this.#free.findIndex(({ open }) => open === digest);
    const fresh = this.#free.findIndex(({ open }) => open === undefined);
    return this.#free.splice(Math.max(0, fitting >= 0 ? fitting : fresh), 1)[0]!;
  }

  async #toOpen(pieces: Pieces): Promise<ToOpen> {
    const digest = pieces.pieces.join();
    const text = await this.#specification(pieces);
    const { backend, opening } = checkSpecification(parseJson(text, "a specification", { maximumDepth: 64 }));
    return { digest, backend, name: opening.name, args: () => this.#arguments(opening.message) };
  }

  /** The last specification, so that it is fetched once. */
  #last: { readonly digest: string; readonly text: string } | undefined;

  async #specification(pieces: Pieces): Promise<string> {
    const digest = pieces.pieces.join();
    if (this.#last?.digest !== digest) this.#last = { digest, text: await this.#downloads.fetchText(pieces) };
    return this.#last.text;
  }

  async #arguments(message: Job["asked"]["message"]): Promise<readonly unknown[]> {
    const args = await this.#downloads.fetch(message);
    if (!Array.isArray(args)) throw new FormatError(`a job: expected a list of arguments, got ${quote(String(args))}`);
    return args;
  }
}
