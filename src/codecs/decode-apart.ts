// Decodes pictures in a worker, which can be ended: decoders are programs of others, and a picture may be made to keep them busy or
// to break them. In pages decode-apart.page.ts takes the place of this module.
import { FormatError, UnsupportedError } from "../errors.ts";
import { addressSpaceLeft, nextTask, nodeModule } from "../platform/platform.ts";
import { decodeHere } from "./decode-here.ts";
import { decoderSource } from "./decoder-source.gen.ts";
import { isJpeg } from "./jpeg.ts";
import type { DecodeOptions, Raster } from "./raster.ts";

/** What the worker is asked. The JPEG decoder is compiled here, once for all workers. */
export interface Question {
  readonly bytes: Uint8Array;
  readonly options: DecodeOptions;
  readonly jpegDecoder: WebAssembly.Module | undefined;
}

export type Answer =
  | { readonly raster: Raster }
  | { readonly error: { readonly name: string; readonly message: string } };

/** The slowest picture within the limits, 16.8 megapixels of 16 bits with transparency, takes three seconds of a processor. */
const deadlineSeconds = 30;
/** The limit on the worker's objects; pixels lie elsewhere, and their number is limited. */
const heapMegabytes = 256;
/** The address space that a worker takes, rounded up. */
const workerAddressSpace = 2 ** 30;
/** How long a worker waits for another picture. */
const idleMilliseconds = 1000;

type Worker = InstanceType<typeof import("node:worker_threads").Worker>;

/** A picture that was given up, because it took too long. */
export class TooSlowError extends FormatError {}

let worker: Worker | undefined;
let idleTimer: NodeJS.Timeout | undefined;
/** Settles when the worker is free. */
let free: Promise<unknown> = Promise.resolve();

/**
 * Does what `decodeHere` does, in a worker that is kept for other pictures. The pictures are decoded one after the other. Where
 * no worker can start, they are decoded here.
 *
 * @throws TooSlowError for a picture that takes more than `seconds`; FormatError also for one that ends the worker.
 */
export function decodeApart(
  bytes: Uint8Array,
  options: DecodeOptions,
  seconds: number = deadlineSeconds,
): Promise<Raster> {
  const turn = free.then(() => decodeNext(bytes, options, seconds));
  const settled = (): void => {};
  free = turn.then(settled, settled);
  return turn;
}

async function decodeNext(bytes: Uint8Array, options: DecodeOptions, seconds: number): Promise<Raster> {
  const jpegDecoder = isJpeg(bytes) ? await (await import("./mozjpeg.ts")).compiledDecoder() : undefined;
  clearTimeout(idleTimer);
  worker ??= started();
  if (worker === undefined) return decodeHere(bytes, options);
  try {
    // Not `slice`, which does not copy a Buffer of Node's, and the copy goes away with the question.
    const answer = await answerOf(worker, { bytes: new Uint8Array(bytes), options, jpegDecoder }, seconds);
    if ("error" in answer) throw withClass(answer.error);
    return answer.raster;
  } finally {
    // An idle worker keeps no program alive.
    worker?.unref();
    idleTimer = setTimeout(end, idleMilliseconds);
    idleTimer.unref?.();
  }
}

function started(): Worker | undefined {
  if (addressSpaceLeft() < workerAddressSpace) return undefined;
  try {
    const { Worker } = nodeModule<typeof import("node:worker_threads")>("node:worker_threads");
    const resourceLimits = { maxOldGenerationSizeMb: heapMegabytes };
    const begun = new Worker(decoderSource, { eval: true, execArgv: [], resourceLimits });
    // It may also end while nobody waits for an answer.
    begun.on("error", () => {});
    begun.on("exit", () => {
      if (worker === begun) worker = undefined;
    });
    return begun;
  } catch {
    // The host allows no workers.
    return undefined;
  }
}

function end(): void {
  worker?.terminate();
  worker = undefined;
}

function answerOf(to: Worker, question: Question, seconds: number): Promise<Answer> {
  const { name } = question.options;
  return new Promise<Answer>((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      to.off("message", answered);
      to.off("error", broken);
      to.off("exit", exited);
    };
    const answered = (answer: Answer): void => {
      settle();
      resolve(answer);
    };
    const fail = (error: Error): void => {
      settle();
      end();
      reject(error);
    };
    const died = (why: string): void =>
      fail(new FormatError(`${name}: expected a picture that can be decoded, but the decoder ended: ${why}`));
    const broken = (error: Error): void => died(error.message);
    const exited = (code: number): void => died(`exit code ${code}`);
    const timer = setTimeout(async () => {
      // This thread may have been busy; then the answer is there already.
      await nextTask();
      fail(new TooSlowError(`${name}: expected a picture that can be decoded within ${seconds} seconds, got none`));
    }, 1000 * seconds);
    to.on("message", answered);
    to.on("error", broken);
    to.on("exit", exited);
    to.ref();
    to.postMessage(question, [question.bytes.buffer as ArrayBuffer]);
  });
}

/** Gives an error out of the worker its class again. */
function withClass({ name, message }: { readonly name: string; readonly message: string }): Error {
  if (name === "FormatError") return new FormatError(message);
  if (name === "UnsupportedError") return new UnsupportedError(message);
  return name === "RangeError" ? new RangeError(message) : new Error(message);
}
