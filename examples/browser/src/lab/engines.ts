// The engines of the lab: the kernels, on which everything runs but runs on the GPU, and the GPU once it was wanted. Engines end
// when their worker throws or dies, and so does every call on them; then others take their place here.
import { createEngine, type Engine, WorkerError } from "distillate";
import { gpuEngine } from "./gpu.ts";

/** What computes has stopped, and another computes now; the call that was on it may be made again. */
export class ReplacedError extends Error {
  override readonly name = "ReplacedError";

  constructor(cause: Error) {
    super(
      `What computes in this page had stopped (${withoutEnd(cause)}), and was started again. Please try once more.`,
      {
        cause,
      },
    );
  }
}

export class Engines {
  #kernels: Engine | undefined;
  #threads: number | "auto" = "auto";
  #gpu: Promise<Engine> | undefined;
  #replacing: Promise<void> | undefined;
  /** Whether a GPU may be one that is simulated on the processor, which is for tests. */
  simulatedGpu = false;
  /** Called with what goes wrong with the GPU in a run, which goes on all the same. */
  onNotice: (notice: string) => void = () => {};
  /** Called when other kernels have taken the place of those that there were. */
  readonly #onOther: () => void;

  constructor(onOther: () => void) {
    this.#onOther = onOther;
  }

  /** Starts the kernels, or restarts them with another number of threads. */
  async open(threads: number | "auto"): Promise<{ threads: number; notices: readonly string[] }> {
    const notices: string[] = [];
    const engine = await createEngine({ threads, onNotice: (notice) => notices.push(notice) });
    await this.#kernels?.dispose();
    this.#kernels = engine;
    this.#threads = threads;
    this.#onOther();
    return { threads: engine.threads, notices };
  }

  /** Throws WorkerError while others are being started, so that supervised work waits for them. */
  kernels(): Engine {
    if (!this.#kernels && this.#replacing) throw new WorkerError("the kernels are being started again");
    if (!this.#kernels) throw new Error("What computes in this page is not running. Reload the page.");
    return this.#kernels;
  }

  /** Returns the engine on the GPU, which is started if there is none, or if it has lost its GPU. */
  async gpu(): Promise<Engine> {
    const last = await this.#gpu?.catch(() => undefined);
    if (last?.gpu) return last;
    await last?.dispose();
    this.#gpu = gpuEngine(this.simulatedGpu, (notice) => this.onNotice(notice));
    return this.#gpu;
  }

  async gpuOrKernels(): Promise<Engine> {
    try {
      return await this.gpu();
    } catch (error) {
      this.onNotice(`${error instanceof Error ? error.message : error}; runs on WebAssembly instead`);
      return this.kernels();
    }
  }

  /**
   * Does work on the engines. If they end meanwhile, others are started, and the work is done once more if `mayRepeat` says that
   * it has shown nothing yet. Throws ReplacedError if the engines ended and it was not.
   */
  async supervise<T>(work: () => Promise<T>, mayRepeat: () => boolean = () => true): Promise<T> {
    for (let again = false; ; again = true) {
      // Another call may have found that the kernels had ended.
      await this.#replacing?.catch(() => {});
      const kernels = this.#kernels;
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof WorkerError)) throw error;
        await this.#replace(kernels).catch((reason: Error) => {
          throw new Error(
            `What computes in this page has stopped (${withoutEnd(error)}) and could not be started again ` +
              `(${withoutEnd(reason)}). Reload the page.`,
          );
        });
        if (again || !mayRepeat()) throw new ReplacedError(error);
      }
    }
  }

  /** Starts engines in the place of these kernels and of the GPU's, unless another call has done so or is doing so. */
  async #replace(kernels: Engine | undefined): Promise<void> {
    if (kernels === this.#kernels) this.#replacing ??= this.#startAgain();
    await this.#replacing;
  }

  async #startAgain(): Promise<void> {
    try {
      const gpu = await this.#gpu?.catch(() => undefined);
      this.#gpu = undefined;
      // Their memory is free before there is another.
      await Promise.all([this.#kernels?.dispose(), gpu?.dispose()]);
      this.#kernels = undefined;
      await this.open(this.#threads);
    } finally {
      this.#replacing = undefined;
    }
  }
}

const withoutEnd = ({ message }: Error): string => message.replace(/\.$/, "");
