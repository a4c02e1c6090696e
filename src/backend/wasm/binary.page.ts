// The kernels as pages get them (binary.ts): packed, and one strict build for any number of threads, because a page waits
// for its download. Shared memory can be made wherever it can be compiled for, even where it cannot be posted. The rare kernels
// of the strict build are a module of their own, which is loaded when something asks for one.
import { decompressor } from "../../platform/platform.ts";
import type { Build } from "./binary.ts";
import { threads } from "./packed.page.gen.ts";

export function strictBuild(_several: boolean): Build {
  return "threads";
}

export async function readBuild(build: Build): Promise<Uint8Array<ArrayBuffer>> {
  return unpacked(build === "relaxed" ? (await import("./packed-relaxed.page.gen.ts")).relaxed : threads);
}

export function rareOf(build: Build): (() => Promise<Uint8Array<ArrayBuffer>>) | undefined {
  if (build === "relaxed") return undefined;
  return async () => unpacked((await import("./packed-rare.page.gen.ts")).rare);
}

async function unpacked(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const packed = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const stream = new Response(packed).body!.pipeThrough(decompressor("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
