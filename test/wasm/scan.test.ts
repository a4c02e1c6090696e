// The shipped kernels hold nothing whose result another machine could make otherwise: no relaxed SIMD, and nothing
// imported that computes, but that pages have rare kernels in a module of their own.
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { simd, threads } from "../../src/backend/wasm/binary.gen.ts";
import { threads as packedPage } from "../../src/backend/wasm/packed.page.gen.ts";
import { rare as packedRare } from "../../src/backend/wasm/packed-rare.page.gen.ts";
import { relaxed } from "../../src/backend/wasm/relaxed.gen.ts";
import { type Instruction, LAST_RELAXED, walk } from "./walker.ts";

const decode = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(base64, "base64"));
const unpack = (base64: string): Uint8Array<ArrayBuffer> => Uint8Array.from(gunzipSync(decode(base64)));
const kernels = {
  ...{ simd: decode(simd), threads: decode(threads), relaxed: decode(relaxed) },
  ...{ page: unpack(packedPage), rare: unpack(packedRare) },
};

const isRelaxed = ({ prefix, code }: Instruction): boolean => prefix === 0xfd && code >= 0x100 && code <= LAST_RELAXED;
const isAtomic = ({ prefix }: Instruction): boolean => prefix === 0xfe;

/** memory.atomic.notify, wait32; i32.atomic.load, store, rmw.add, rmw.sub: what assembly/thread.ts hands out work with. */
const countingAtomics = new Set([0x00, 0x01, 0x10, 0x17, 0x1e, 0x25]);
/** f32x4.mul, f32x4.add, v128.load, v128.store. */
const everydayVector = [0xe6, 0xe4, 0x00, 0x0b];

const memory = { module: "env", name: "memory", kind: "memory" };

describe.each(["simd", "threads", "page", "rare"] as const)("the %s build", (name) => {
  const { imports, functions, instructions } = walk(kernels[name]);

  test("imports its memory and nothing else, but where rare kernels are apart one function for them", () => {
    expect(imports).toEqual(
      name === "page" ? [{ module: "env", name: "runRare", kind: "function" }, memory] : [memory],
    );
    expect(WebAssembly.Module.imports(new WebAssembly.Module(kernels[name]))).toEqual(imports);
  });

  test("has no relaxed SIMD instruction", () => {
    expect(instructions.filter(isRelaxed)).toEqual([]);
  });

  test("computes on vectors, so the scan has seen what it is about", () => {
    expect(functions).toBeGreaterThan(20);
    expect(instructions.length).toBeGreaterThan(5000);
    for (const code of everydayVector) {
      expect(instructions.filter((one) => one.prefix === 0xfd && one.code === code).length).toBeGreaterThan(50);
    }
  });

  test("shares nothing between threads but whole numbers: no sum depends on who comes first", () => {
    const atomics = instructions.filter(isAtomic);
    expect(atomics.filter(({ code }) => !countingAtomics.has(code))).toEqual([]);
    expect(atomics.length > 0).toBe(name === "threads" || name === "page");
  });
});

test("the relaxed build is where the scan finds relaxed instructions: f32x4.relaxed_madd and no other", () => {
  const { imports, instructions } = walk(kernels.relaxed);
  const found = instructions.filter(isRelaxed);
  expect(imports).toEqual([memory]);
  expect(found.length).toBeGreaterThan(50);
  expect(new Set(found.map(({ code }) => code))).toEqual(new Set([0x105]));
});

describe("the walker", () => {
  const header = [0, 97, 115, 109, 1, 0, 0, 0];
  /** A module of one type [] → [] and one function. */
  const moduleOf = (...body: number[]): Uint8Array => {
    const code = [0, ...body];
    const section = (id: number, ...content: number[]) => [id, content.length, ...content];
    return Uint8Array.from([
      ...header,
      ...section(1, 1, 0x60, 0, 0),
      ...section(3, 1, 0),
      ...section(10, 1, code.length, ...code),
    ]);
  };
  const codes = (...body: number[]) => walk(moduleOf(...body)).instructions.map(({ code }) => code);

  test.each<readonly [string, number[], number[]]>([
    ["a constant that looks like a relaxed instruction", [0x41, 0xfd, 0x85, 0x02, 0x1a, 0x0b], [0x41, 0x1a, 0x0b]],
    ["a float that does", [0x43, 0xfd, 0x85, 0x02, 0x00, 0x1a, 0x0b], [0x43, 0x1a, 0x0b]],
    ["a vector that does", [0xfd, 12, ...new Array(8).fill([0xfd, 0x05]).flat(), 0x1a, 0x0b], [12, 0x1a, 0x0b]],
    ["blocks within blocks", [0x02, 0x40, 0x03, 0x40, 0x0c, 1, 0x0b, 0x0b, 0x0b], [2, 3, 0x0c, 0x0b, 0x0b, 0x0b]],
    ["a table of branches", [0x0e, 2, 0, 1, 0, 0x0b], [0x0e, 0x0b]],
    ["a relaxed instruction", [0xfd, 0x85, 0x02, 0x0b], [0x105, 0x0b]],
    ["an atomic one", [0xfe, 0x1e, 2, 0, 0x0b], [0x1e, 0x0b]],
    ["a lane of memory", [0xfd, 86, 2, 0, 3, 0x0b], [86, 0x0b]],
  ])("reads %s", (_, body, expected) => {
    expect(codes(...body)).toEqual(expected);
  });

  test.each<readonly [string, number[], string]>([
    ["an unknown opcode", [0xff, 0x00, 0x0b], "expected an instruction, got ff 0"],
    ["an unknown vector opcode", [0xfd, 0x94, 0x02, 0x0b], "expected an instruction, got fd 114"],
    ["bytes after the end of a function", [0x0b, 0x01], "expected function 0 to end"],
    ["a function without an end", [0x01, 0x01], "expected 1 more bytes, got the end"],
    ["a number that does not stop", [0x0c, 255, 255, 255, 255, 255, 0x0b], "expected a number of 32 bits"],
  ])("refuses %s", (_, body, message) => {
    expect(() => walk(moduleOf(...body))).toThrow(message);
  });

  test("refuses what is no module", () => {
    expect(() => walk(Uint8Array.of(0, 97, 115, 109, 2, 0, 0, 0))).toThrow("expected the header of a module");
  });
});
