// Decodes pictures in several workers, which are copies of the reader: one script, and one download.
import type { ByteSource } from "distillate/data";
import { type Decoded, decodedSmall, type LeftOut } from "./decode-picture.ts";
import { ready } from "./one-answer.ts";

/** What a copy of the reader is asked, and what it answers. */
export interface PictureQuestion {
  readonly kind: "decode";
  readonly source: ByteSource;
  readonly path: string;
}

export type PictureAnswer = Decoded | LeftOut;

/** What a copy answers instead if what decodes did not arrive. */
interface Failed {
  readonly kind: "failed";
  readonly message: string;
}

/** Who decodes, and how many pictures at once. */
export interface PictureDecoder {
  readonly atOnce: number;
  decode(source: ByteSource, path: string): Promise<PictureAnswer>;
}

/** Decodes one picture after the other in the thread that asks. */
export const decodeHere: PictureDecoder = { atOnce: 1, decode: decodedSmall };

/** More workers would take much memory: a photo and its decoder take up to 200 MB in each. */
const mostWorkers = 4;

/** A group of workers, to be closed after use. Where none can start, pictures are decoded here. */
export class PicturePool implements PictureDecoder {
  readonly atOnce: number;
  readonly #script: string;
  readonly #idle: Worker[] = [];
  readonly #all = new Set<Worker>();
  /** Those whose script runs. */
  readonly #running = new Set<Worker>();
  #none = typeof Worker === "undefined";

  constructor(script: string, processors: number = navigator.hardwareConcurrency || 1) {
    this.#script = script;
    this.atOnce = Math.max(1, Math.min(mostWorkers, processors));
  }

  async decode(source: ByteSource, path: string): Promise<PictureAnswer> {
    const worker = this.#none ? undefined : (this.#idle.pop() ?? this.#start());
    if (!worker) return decodedSmall(source, path);
    let answer: PictureAnswer | Failed;
    try {
      answer = await answerOf(worker, { kind: "decode", source, path }, () => this.#running.add(worker));
      this.#idle.push(worker);
    } catch (error) {
      // The next picture gets a worker of its own.
      worker.terminate();
      this.#all.delete(worker);
      if (this.#running.has(worker)) return { why: `could not be decoded (${(error as Error).message})` };
      // That one did not start is no fault of the picture.
      this.#none = this.#running.size === 0;
      return decodedSmall(source, path);
    }
    if ("kind" in answer) throw new Error(answer.message);
    return answer;
  }

  close(): void {
    for (const worker of this.#all) worker.terminate();
  }

  #start(): Worker | undefined {
    try {
      const worker = new Worker(this.#script, { type: "module" });
      this.#all.add(worker);
      return worker;
    } catch {
      this.#none = true;
      return undefined;
    }
  }
}

/** Asks a worker. `runs` is called when its script runs, maybe more than once. */
function answerOf(worker: Worker, question: PictureQuestion, runs: () => void): Promise<PictureAnswer | Failed> {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<typeof ready | PictureAnswer | Failed>) => {
      runs();
      if (data !== ready) resolve(data);
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message || "the decoder ended"));
    };
    const { source } = question;
    if (!(source instanceof Uint8Array)) return worker.postMessage(question);
    // A file of an archive may be a view of the whole archive, which a message would copy.
    const own = new Uint8Array(source);
    worker.postMessage({ ...question, source: own }, [own.buffer]);
  });
}
