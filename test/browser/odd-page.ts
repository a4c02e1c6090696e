// Scripts for `OpenOptions.before`, which make a browser lack something, as some visitors' browsers do: what is missing is
// simulated in a browser that has it, in the page and in the workers that the library starts from its embedded script.

/** Runs a script in the page and first of all in each worker. */
function everywhere(script: string): string {
  return `(() => {
    const own = Blob;
    globalThis.Blob = class Blob extends own {
      constructor(parts = [], options) {
        super(options?.type === "text/javascript" ? [${JSON.stringify(`${script};`)}, ...parts] : parts, options);
      }
    };
    ${script}
  })()`;
}

/** No WebAssembly, as in Lockdown Mode. */
export const noWebAssembly = everywhere("delete globalThis.WebAssembly");

/** WebAssembly that takes no module with SIMD, nor any other of this page's. */
export const noSimd = everywhere("WebAssembly.validate = () => false");

/** A policy that forbids to compile. */
export const noCompiling = everywhere(
  'WebAssembly.compile = async () => { throw new WebAssembly.CompileError("blocked by a policy"); }',
);

/** No memory for WebAssembly at all. */
export const noMemory = everywhere(
  'WebAssembly.Memory = class { constructor() { throw new RangeError("could not allocate memory"); } }',
);

/** WebAssembly memory that does not grow beyond this many MiB. */
export const memoryUpTo = (mebibytes: number): string =>
  everywhere(`{
    const { grow } = WebAssembly.Memory.prototype;
    WebAssembly.Memory.prototype.grow = function (pages) {
      if (this.buffer.byteLength + 65536 * pages > ${mebibytes} * 2 ** 20) throw new RangeError("no more memory");
      return grow.call(this, pages);
    };
  }`);

/** No workers, or workers that do not start. */
export const noWorkers = "delete globalThis.Worker";
export const workersThatFail = `globalThis.Worker = class extends EventTarget {
  constructor() {
    super();
    setTimeout(() => this.onerror?.(new ErrorEvent("error")));
  }
  postMessage() {}
  terminate() {}
}`;

/** Workers that `endWorkers` can make throw. */
export const mortalWorkers = everywhere(`if (!globalThis.document) {
  const channel = new BroadcastChannel("the end");
  channel.onmessage = ({ data }) => {
    if (data !== "now") return;
    channel.postMessage("done");
    throw new Error("a fault of this test");
  };
}`);

/** Makes the workers throw what nothing catches, by which they end. Resolves when one does. */
export const endWorkers = `new Promise((resolve) => {
  const channel = new BroadcastChannel("the end");
  channel.onmessage = () => resolve();
  channel.postMessage("now");
})`;
