// How ops put dispatches into a queue: numbers and operands by name.
import type { OptionalBuffer } from "../buffer.ts";
import type { DeviceQueue } from "./queue.ts";
import { type NumberKinds, place, type Shader } from "./shader.ts";

export interface Recorder {
  /** Records a dispatch. `count`: threads, or where the shader shares workgroup memory groups; `scratch`: floats. */
  record<Numbers extends NumberKinds, Operand extends string>(
    shader: Shader<Numbers, Operand>,
    count: number,
    numbers: Readonly<Record<keyof Numbers, number>>,
    operands: Readonly<Record<Operand, OptionalBuffer>>,
    scratch?: number,
  ): void;
}

export function recorderOf(queue: DeviceQueue): Recorder {
  return {
    record(shader, count, numbers, operands, scratch = 0) {
      if (count === 0) return;
      queue.dispatch({
        shader,
        count,
        numbers: Object.keys(shader.numbers).map((name) => numbers[name]!),
        operands: shader.operands.map((name) => place(operands[name])),
        scratch,
      });
    },
  };
}
