// A layer in the frequency domain stays inside the workspace that it asks for, whichever passes its network is bound for.
import { expect, test } from "vitest";
import { Arena } from "../../src/backend/arena.ts";
import { write } from "../../src/backend/backend.ts";
import { createWasmBackend } from "../../src/backend/wasm/backend.ts";
import { conv2d } from "../../src/nn/conv2d.ts";
import { elements, type Passes } from "../../src/nn/layer.ts";
import { paint } from "../helpers.ts";

const channels = 64;
const lanes = 8;
const guard = 4096;
const shape = [channels, 8, 8] as const;
const values = elements(shape) * lanes;

test.each<Passes>(["forward", "to images", "all"])("passes of a network bound for %s, seeds 1 to 6", async (passes) => {
  const backend = await createWasmBackend({ threads: 1 });
  const arena = new Arena(backend);
  const weights = channels * channels * 9 + channels;
  const layer = conv2d({ out: channels, kernel: 3, padding: 1 }).bind(shape, {
    ...{ ops: backend.ops, plan: backend.plan, lanes },
  });
  const given = (floats: number, seed: number): number => {
    const at = arena.allocate(floats);
    write(backend, at, paint(floats, seed));
    return at;
  };
  const [x, dy, rx, rdy] = [1, 2, 3, 4].map((seed) => given(values, seed)) as [number, number, number, number];
  const [w, v] = [given(weights, 5), given(weights, 6)];
  const [y, dx, ry, rdx, dw] = [values, values, values, values, weights].map((floats) => arena.allocate(floats));
  const saved = [arena.allocate(layer.savedFloats), arena.allocate(layer.savedFloats)] as const;
  const { workspaceFloats } = layer;
  const room = typeof workspaceFloats === "number" ? workspaceFloats : workspaceFloats[passes];
  const workspace = arena.allocate(room + guard);
  write(backend, workspace, new Float32Array(room + guard).fill(7));
  const tape = { x, y: y!, saved: saved[0], dx, dy, filled: { real: lanes } };
  const tangent = { rx, ry: ry!, rdx, rdy, saved: saved[1] };
  layer.forward(tape, w, undefined, workspace);
  if (passes !== "forward") layer.backward(tape, w, passes === "all" ? dw : undefined, false, workspace);
  if (passes === "all") {
    layer.forwardR(tape, tangent, w, v, workspace);
    layer.backwardR(tape, tangent, w, v, dw, workspace);
  }
  const behind = await backend.read(workspace + room, guard);
  expect(behind.every((value) => value === 7)).toBe(true);
  await backend.dispose();
});
