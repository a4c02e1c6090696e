// Backend.sideBySide and Backend.together: ops written down as programs, each run whole by one thread.

import { expect, test } from "vitest";
import { write } from "../src/backend/backend.ts";
import { createReferenceBackend } from "../src/backend/reference/backend.ts";
import { createWasmBackend } from "../src/backend/wasm/backend.ts";
import { atOnce } from "../src/platform/parts.ts";
import { peek } from "./helpers.ts";

const backends = [
  createReferenceBackend(),
  ...(await Promise.all([1, 2, 3].map((threads) => createWasmBackend({ threads })))),
];
/** Jobs of a program: few, as many as fill the room for programs, more than it holds. */
const lengths = [1, 30, 200, 509, 510, 511, 512, 513, 700];

test.each(
  backends.flatMap((backend) =>
    lengths.map((length) => ({ backend, length, threads: backend.threads, name: backend.name })),
  ),
)("five programs of $length jobs are each done in order and once, $name on $threads threads", ({ backend, length }) => {
  const n = 5;
  const at = backend.base;
  backend.reserve(at + 64 * n);
  backend.ops.fill(at, 0, 64 * n);
  backend.sideBySide(n, (i) => {
    const own = at + 64 * i;
    backend.ops.fill(own, i, 3);
    // Depends on the order of the jobs, and on each being done once.
    for (let job = 1; job < length; job++) {
      if (job % 100 === 0) backend.ops.scale(own, -0.5, own, 3);
      else backend.ops.axpy(own, own, 1, own + 16, 3);
      backend.ops.fill(own + 16, job % 7, 3);
    }
  });
  for (let i = 0; i < n; i++) {
    let value = i;
    let other = 0;
    for (let job = 1; job < length; job++) {
      value = Math.fround(job % 100 === 0 ? -0.5 * value : value + other);
      other = job % 7;
    }
    expect([...peek(backend, at + 64 * i, 3)], `program ${i}`).toEqual([value, value, value]);
  }
  // The next job is an ordinary one again.
  backend.ops.fill(at, 9, 1);
  expect(peek(backend, at, 1)[0]).toBe(9);
});

test("an error in what writes a program down leaves the backend usable", async () => {
  const backend = await createWasmBackend({ threads: 2 });
  const fail = () => {
    throw new Error("no");
  };
  expect(() => backend.sideBySide(2, fail)).toThrow("no");
  backend.reserve(backend.base + 16);
  backend.ops.fill(backend.base, 4, 2);
  expect([...peek(backend, backend.base, 2)]).toEqual([4, 4]);
  await backend.dispose();
});

test.each(backends)(
  "works together see what they upload and read themselves, $name on $threads threads",
  async (backend) => {
    const works = [3, 150, 0, 1, 700];
    const at = backend.base;
    backend.reserve(at + 64 * works.length);
    const read: Promise<ArrayLike<number>>[] = [];
    function* work(parts: number, i: number) {
      const own = at + 64 * i;
      write(backend, own, [i, i]);
      for (let part = 0; part < parts; part++) {
        for (let job = 0; job < 5; job++) backend.ops.scale(own, -1, own, 2);
        if (part % 50 === 0) write(backend, own + 16, [part, 1]);
        backend.ops.axpy(own, own, 1, own + 16, 2);
        yield;
      }
      read.push(backend.read(own, 2));
      backend.ops.fill(own, 99, 2);
    }
    atOnce(backend.together(works.map(work)));
    const found = (await Promise.all(read)).map((pair) => [...Array.from(pair)].join());
    const expected = works.map((parts, i) => {
      let [first, second] = [i, i];
      for (let part = 0; part < parts; part++) [first, second] = [part - (part % 50) - first, 1 - second];
      return `${first},${second}`;
    });
    expect(found.sort()).toEqual(expected.sort());
    expect([...peek(backend, at + 64, 2)]).toEqual([99, 99]);
  },
);

test.each(backends)(
  "works together that are given up leave the backend usable, $name on $threads threads",
  (backend) => {
    const at = backend.base;
    backend.reserve(at + 64);
    const ended: number[] = [];
    function* work(i: number) {
      try {
        for (;;) yield backend.ops.fill(at + 16 * i, 1, 1);
      } finally {
        ended.push(i);
      }
    }
    for (const _ of backend.together([work(0), work(1)])) break;
    expect(ended).toEqual([0, 1]);
    backend.ops.fill(at, 4, 2);
    expect([...peek(backend, at, 2)]).toEqual([4, 4]);
  },
);
