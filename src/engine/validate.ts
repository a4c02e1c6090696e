// Checks every input of the engine, once. Code behind it does not check again.
import type { Floats } from "../backend/buffer.ts";
import { shown, wrongKind } from "../checks/refusal.ts";
import { isBytes, isFloats, isInt32 } from "../kinds.ts";

/** Class indices [n] or soft targets [n, classes]. */
export type Targets = Floats | Uint8Array | Int32Array;

/** Throws TypeError unless `value` is an array of floats of `length`, RangeError if one is not finite. */
export function checkFloats(name: string, value: unknown, length: number): Floats {
  if (!isFloats(value)) {
    throw new TypeError(`"${name}" expected Float32Array of length ${length}, got ${shown(value)}`);
  }
  if (value.length !== length) {
    throw new RangeError(`"${name}" expected Float32Array of length ${length}, got ${value.length}`);
  }
  return checkFiniteFloats(name, value);
}

/** Checks images [n, c, h, w] of `features` floats each. Returns them and n ≥ 1. */
export function checkImages(name: string, value: unknown, features: number): { images: Floats; count: number } {
  if (!isFloats(value)) {
    throw new TypeError(`"${name}" expected Float32Array of n × ${features} floats, got ${shown(value)}`);
  }
  if (value.length === 0 || value.length % features !== 0) {
    throw new RangeError(`"${name}" expected n × ${features} floats with n >= 1, got ${value.length}`);
  }
  return { images: checkFiniteFloats(name, value), count: value.length / features };
}

/** Checks the targets of `count` images: class indices in an integer array, or soft targets in floats. */
export function checkTargets(
  name: string,
  value: unknown,
  count: number,
  classes: number,
): { targets: Targets; hard: boolean } {
  if (isBytes(value) || isInt32(value)) {
    if (value.length !== count) throw new RangeError(`"${name}" expected ${count} class indices, got ${value.length}`);
    const wrong = value.findIndex((label) => label < 0 || label >= classes);
    if (wrong >= 0) {
      throw new RangeError(
        `"${name}" expected class indices from 0 to ${classes - 1}, got ${value[wrong]} at ${wrong}`,
      );
    }
    return { targets: value, hard: true };
  }
  if (isFloats(value)) {
    return { targets: checkFloats(name, value, count * classes), hard: false };
  }
  throw new TypeError(
    `"${name}" expected Uint8Array or Int32Array of ${count} class indices, ` +
      `or Float32Array of ${count} × ${classes} soft targets, got ${shown(value)}`,
  );
}

/** Checks learning rates, which may be any finite numbers, also negative ones. */
export function checkNumbers(name: string, value: unknown, length: number): ArrayLike<number> {
  if (!Array.isArray(value)) return checkFloats(name, value, length);
  if (value.length !== length) throw new RangeError(`"${name}" expected ${length} numbers, got ${value.length}`);
  return checkFinite(name, value as number[]);
}

/**
 * Looks for the first value that is not finite only if there is one: x·0 is 0 for a finite x and NaN for any other. Four sums at a
 * time, because each addition waits for the one before it.
 */
function checkFiniteFloats(name: string, values: Floats): Floats {
  const whole = values.length & ~3;
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += values[i]! * 0;
    b += values[i + 1]! * 0;
    c += values[i + 2]! * 0;
    d += values[i + 3]! * 0;
  }
  for (let i = whole; i < values.length; i++) a += values[i]! * 0;
  return a + b + c + d === 0 ? values : checkFinite(name, values);
}

function checkFinite<T extends ArrayLike<number>>(name: string, values: T): T {
  for (let i = 0; i < values.length; i++) {
    if (typeof values[i] !== "number") throw wrongKind(`${name}[${i}]`, "a number", values[i]);
    if (!Number.isFinite(values[i])) throw new RangeError(`"${name}" expected finite values, got ${values[i]} at ${i}`);
  }
  return values;
}
