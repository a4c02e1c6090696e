// Errors as sentences for a visitor: what happened, and what to do. The library's own messages are for those who write programs.
import { plain } from "./plain.ts";

const browsers = "a current Chrome, Edge, Firefox or Safari";
const lessMemory =
  "Close other tabs, or choose fewer images per class, training steps, real images each or threads under Data and recipe.";

/** Messages of the library and of browsers, with what they mean here. The first that matches counts. */
const meanings: readonly (readonly [message: RegExp, meaning: string])[] = [
  [
    /dynamically imported module|importing a module script failed|preload/i,
    "A part of this page could not be loaded. Check that you are online, then reload the page.",
  ],
  [
    /^this host has no WebAssembly,/,
    `This browser lets this page use no WebAssembly, with which it computes. Turn it on for this page (Lockdown Mode turns it off), or open the page in ${browsers}.`,
  ],
  [
    /^this host has (no WebAssembly SIMD|WebAssembly SIMD, but)/,
    `The WebAssembly of this browser lacks what this page computes with (SIMD). Open the page in ${browsers}; if this is one, the processor of this machine is too old, so open the page on another machine.`,
  ],
  [
    /^this host does not allow to compile WebAssembly/,
    "Something forbids this page to use WebAssembly, with which it computes: an extension of the browser, or the policy of the site. Turn the extension off for this page, or open the page in another browser.",
  ],
  [
    /^"memory" expected room for .* the host gives none/,
    "This browser gives this page no memory to compute in. Close other tabs and programs, then reload the page.",
  ],
  [
    /^"memory" expected room for (\d+ MiB), but/,
    `This needs $1 of memory, which is more than this browser gives to this page. ${lessMemory}`,
  ],
  [
    /allocation failed|out of memory|invalid (typed )?array (buffer )?length/i,
    `This needs more memory than this browser gives to this page. ${lessMemory}`,
  ],
];

/** Returns an error as a sentence for a visitor. */
export function inWords(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: "", message: String(error) };
  for (const [of, meaning] of meanings) {
    const match = of.exec(message);
    if (match) return meaning.replace("$1", match[1] ?? "");
  }
  const sentence = plain(/[.!?]$/.test(message) ? message : `${message || name}.`);
  return name === "WorkerError" ? `${sentence} Reload the page to start it again.` : sentence;
}

/** Says why the page could not start, and what to do. */
export function whyNoStart(error: unknown): string {
  const { message } = error instanceof Error ? error : { message: String(error) };
  const known = meanings.some(([of]) => of.test(message));
  if (known) return inWords(error);
  return `This page could not start here: ${plain(message.replace(/\.$/, ""))}. Try ${browsers}.`;
}
