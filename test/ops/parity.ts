// The harness of the op tests: runs one op on the reference and on every backend under test, over a memory that is
// painted all over: on one with huge numbers, on the next with NaN, also in the scratch below the first buffer. A read outside
// an operand shows as a huge error or as NaN, even if it is multiplied by 0 or compared, a write outside the outputs as a
// changed float, a float left unwritten as NaN.

import { type Backend, write } from "../../src/backend/backend.ts";
import type { Buffer } from "../../src/backend/buffer.ts";
import type { Ops } from "../../src/backend/ops.ts";
import { createReferenceBackend } from "../../src/backend/reference/backend.ts";
import { PARTIALS } from "../../src/backend/wasm/layout.ts";
import { backendsUnderTest, onGpu } from "../backends-under-test.ts";
import { expectClose, float32Tolerance, paint, paintWhole } from "../helpers.ts";
import { noteResidual } from "../residuals.ts";
import { type ComparedOp, opTolerances } from "../tolerances.ts";

export interface Operand {
  /** The content before the call, exact in float32. */
  readonly values: Float32Array;
  /** The floats past a 64-byte boundary: parameters lie anywhere in θ, activations on a boundary. */
  readonly shift?: number;
}

export interface OutputRule {
  /** The bound on the scaled residual; 0 asks for equal numbers. */
  readonly tolerance: number;
  /** The size of the terms if they cancel; default: the largest expected value. */
  readonly scale?: number;
  /** Says which floats mean something (padding lanes may not); the others need only be finite. */
  readonly means?: (index: number) => boolean;
  /** Whether NaN is the right answer, and not a float left unwritten. */
  readonly mayBeNaN?: boolean;
  /** Whether only the op that reads them knows what the floats mean; then their bits need only be the same with all threads. */
  readonly opaque?: boolean;
  /** Says which floats must be zero, not just small (gradients in padding lanes). */
  readonly zero?: (index: number) => boolean;
}

export interface OpCase<Name extends string> {
  readonly label: string;
  readonly operands: Readonly<Record<Name, Operand>>;
  /** The operands that the op may write; everything else must stay as it was. */
  readonly outputs: Readonly<Partial<Record<Name, OutputRule>>>;
  /** Calls one op, or others that prepare what it reads and then that one. */
  readonly call: (ops: Ops, at: Readonly<Record<Name, Buffer>>) => void;
}

/** Inputs of sums: real numbers within the tolerance, and whole numbers, whose sums are exact in any order. */
export const paints = [
  { kind: "real", values: paint, tolerance: float32Tolerance },
  { kind: "whole", values: paintWhole, tolerance: 0 },
] as const;

/** Fills an output before the call, when the op must overwrite all of it. */
export function unwritten(n: number): Float32Array {
  return new Float32Array(n).fill(Number.NaN);
}

const boundary = 16;
const guardFloats = 16;
const guardScale = 1e30;

const reference = createReferenceBackend();
/** The backends that are compared with the reference. */
export const tested = await backendsUnderTest();
for (const backend of tested) {
  if (backend.name !== "wasm") continue;
  // The sums of blocks, with the end of the page before them, and the scratch and program of each thread.
  const from = PARTIALS / 4 - 16;
  backend.upload(from, backend.base - from, (host) => host.fill(Number.NaN));
}

/** Returns where each operand goes, counted from a boundary, and the memory before the call, with guards. */
interface Arrangement<Name extends string> {
  readonly place: Readonly<Record<Name, number>>;
  readonly before: Float32Array;
}

function arrange<Name extends string>(
  { operands }: OpCase<Name>,
  guards: (n: number) => Float32Array,
): Arrangement<Name> {
  const place = {} as Record<Name, number>;
  let end = 0;
  for (const [name, { values, shift = 0 }] of Object.entries(operands) as [Name, Operand][]) {
    place[name] = Math.ceil((end + guardFloats) / boundary) * boundary + shift;
    end = place[name] + values.length;
  }
  const before = guards(end + guardFloats);
  for (const name in operands) before.set(operands[name].values, place[name]);
  return { place, before };
}

/** Returns the last op that a case calls, which has a row in the table of tolerances. */
function opOf<Name extends string>({ call, operands, label }: OpCase<Name>): ComparedOp {
  const called: string[] = [];
  const ops = new Proxy({} as Ops, {
    get: (_, name: string) => () => {
      called.push(name);
    },
  });
  call(ops, Object.fromEntries(Object.keys(operands).map((name) => [name, 0])) as Record<Name, Buffer>);
  const last = called.at(-1);
  if (last === undefined) throw new Error(`${label}: calls no op`);
  return last as ComparedOp;
}

const hugeGuards = (n: number): Float32Array => paint(n, n, guardScale);

/** Returns the result of the case on `backend`, with places counted as in `arrange`. */
async function run<Name extends string>(
  backend: Backend,
  opCase: OpCase<Name>,
  { place, before }: Arrangement<Name>,
): Promise<Float64Array> {
  const start = Math.ceil(backend.base / boundary) * boundary;
  backend.reserve(start + before.length);
  write(backend, start, before);
  const at = {} as Record<Name, Buffer>;
  for (const name in place) at[name] = start + place[name];
  opCase.call(backend.ops, at);
  return Float64Array.from(await backend.read(start, before.length));
}

/** Returns the first place with another number, -1 if there is none. */
function firstDifference(a: Float64Array, b: Float64Array): number {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return i;
  return -1;
}

function expectOnlyOutputsChanged<Name extends string>(
  after: Float64Array,
  opCase: OpCase<Name>,
  { place, before }: Arrangement<Name>,
  label: string,
): void {
  const expected = Float64Array.from(before);
  for (const name in opCase.outputs) {
    const end = place[name] + opCase.operands[name].values.length;
    expected.set(after.subarray(place[name], end), place[name]);
  }
  const changed = firstDifference(expected, after);
  if (changed < 0) return;
  const places = Object.entries(place).map(([name, first]) => `${name} at ${first}`);
  throw new Error(
    `${label}: float ${changed} changed from ${expected[changed]} to ${after[changed]} (${places.join(", ")})`,
  );
}

/** Checks that every backend under test does what the reference does, and only that, whatever its threads. */
export async function checkOp<Name extends string>(opCase: OpCase<Name>): Promise<void> {
  const huge = arrange(opCase, hugeGuards);
  const { place } = huge;
  const expected = await run(reference, opCase, huge);
  expectOnlyOutputsChanged(expected, opCase, huge, `${opCase.label} on reference`);
  const op = opOf(opCase);
  let first: Float64Array | undefined;
  for (const backend of tested) {
    const arrangement = backend.threads === 1 ? huge : arrange(opCase, unwritten);
    const label = `${opCase.label} on ${backend.name} with ${backend.threads} threads`;
    const after = await run(backend, opCase, arrangement);
    expectOnlyOutputsChanged(after, opCase, arrangement, label);
    for (const name in opCase.outputs) {
      const rule = opCase.outputs[name]!;
      const { tolerance, scale, means = () => true, zero = () => false, mayBeNaN = false } = rule;
      const end = place[name] + opCase.operands[name].values.length;
      const got = after.subarray(place[name], end);
      const wanted = expected.subarray(place[name], end);
      const differs = firstDifference(got, first?.subarray(place[name], end) ?? got);
      if (differs >= 0) throw new Error(`${label}: ${name}[${differs}] has other bits than with other threads`);
      if (rule.opaque) continue;
      // What means nothing is zero in both.
      const [meant, meantWanted] = [new Float64Array(got.length), new Float64Array(got.length)];
      for (let i = 0; i < got.length; i++) {
        const value = got[i]!;
        const isNaNToo = mayBeNaN && Number.isNaN(value) && Number.isNaN(wanted[i]);
        if ((!Number.isFinite(value) && !isNaNToo) || (zero(i) && value !== 0)) {
          throw new Error(`${label}: ${name}[${i}] is ${value}`);
        }
        if (!means(i) || isNaNToo) continue;
        meant[i] = value;
        meantWanted[i] = wanted[i]!;
      }
      const held = onGpu && Number.isFinite(tolerance) ? Math.min(tolerance, opTolerances[op]) : tolerance;
      noteResidual(op, expectClose(meant, meantWanted, held, `${label}: ${name}`, scale));
    }
    first ??= after;
  }
}
