// What a dispatch is made of: a shader in WGSL with named numbers and operands, and the words that a dispatch gives it.
//
// All floats lie in one buffer `m`; a shader sees an operand as the index of its first float. The words of a dispatch are its
// numbers, then the operands of each network: workgroups with z = k read those of network k. `s` is the scratch.
import { none, type OptionalBuffer } from "../buffer.ts";
import { GROUP } from "./tiles.ts";
import { declareMemory, inWindows, type Windows } from "./windows.ts";

/** Workgroups of one dimension; more go into the next. */
const MOST_GROUPS = 65_535;
/** In the place of an operand that was left out. */
export const LEFT_OUT = 0xffff_ffff;

/** Numbers by name: `u` and `i` are whole, `f` floats. */
export type NumberKinds = Readonly<Record<string, "u" | "i" | "f">>;

export interface Shader<Numbers extends NumberKinds = NumberKinds, Operand extends string = string> {
  /** Its name in messages; no two shaders have the same one. */
  readonly name: string;
  readonly numbers: Numbers;
  /** What each network has of its own: where its operands begin, or another whole number. */
  readonly operands: readonly Operand[];
  /** Functions in WGSL that the body calls. */
  readonly functions?: string;
  /**
   * Statements in WGSL. They see every number and operand by its name, `id` (the thread among all of its network), `lane` (the
   * thread in its group), `group` (the group of its network), `scratch` (where its network's scratch begins), and the buffers
   * `m` and `s`. Those of a shader without `shared` run for id < the threads of the dispatch only.
   */
  readonly body: string;
  /** Declarations in workgroup memory; the threads of a group then work together. */
  readonly shared?: string;
  /** What a dispatch of this shader and one that was recorded right after it are together, if one can do what both do. */
  readonly join?: (first: Dispatch, second: Dispatch) => Dispatch | undefined;
}

/** A dispatch of one network. */
export interface Dispatch {
  readonly shader: Shader;
  /** Threads, or where the shader shares workgroup memory the groups. */
  readonly count: number;
  readonly numbers: readonly number[];
  readonly operands: readonly number[];
  /** Floats of scratch. */
  readonly scratch: number;
}

/** What every shader can call. */
const prelude = `
const NONE = ${LEFT_OUT}u;
fn bits(x: f32) -> u32 { return bitcast<u32>(x) & 0x7fffffffu; }
fn is_nan(x: f32) -> bool { return bits(x) > 0x7f800000u; }
fn is_finite(x: f32) -> bool { return bits(x) < 0x7f800000u; }
`;

/** Words before a shader's own numbers: the count. */
const OWN = 1;

/** The text of a shader, over a memory that is seen through so many windows. */
export function textOf(shader: Shader, windows: Windows): string {
  const { numbers, operands, functions = "", body, shared } = shader;
  const own = (text: string): string => (windows.count > 1 ? inWindows(text) : text);
  const names = Object.entries(numbers);
  const first = OWN + names.length;
  const read = names.map(([name, kind], i) => {
    const word = `p[${OWN + i}]`;
    return `let ${name} = ${kind === "u" ? word : `bitcast<${kind}32>(${word})`};`;
  });
  const places = operands.map((name, i) => `let ${name} = p[own + ${i}u];`);
  return `
${declareMemory(windows)}@group(0) @binding(1) var<storage, read> p: array<u32>;
@group(0) @binding(2) var<storage, read_write> s: array<f32>;
${prelude}${own(functions)}${shared ?? ""}
@compute @workgroup_size(${GROUP})
fn main(
  @builtin(workgroup_id) at: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = at.y * groups.x + at.x;
  let id = group * ${GROUP}u + lane;
  ${shared === undefined ? "if (id >= p[0]) { return; }" : "if (group >= p[0]) { return; }"}
  let own = ${first}u + at.z * ${operands.length + 1}u;
  let scratch = p[own + ${operands.length}u];
  ${[...read, ...places].join("\n  ")}
${own(body)}
}
`;
}

/** The workgroups of a dispatch of `count` threads, or groups, a network. */
export function groupsOf({ shader, count }: Dispatch): readonly [x: number, y: number] {
  const groups = shader.shared === undefined ? Math.ceil(count / GROUP) : count;
  const y = Math.ceil(groups / MOST_GROUPS);
  return [Math.ceil(groups / y), y];
}

/** Words that a dispatch for `networks` networks takes. */
export function wordsOf({ numbers, operands }: Dispatch, networks: number): number {
  return OWN + numbers.length + networks * (operands.length + 1);
}

/** Writes the words of a dispatch, the same on each network but for the operands. */
export function writeWords(words: Uint32Array, networks: readonly Dispatch[]): void {
  const { shader, count, numbers, scratch } = networks[0]!;
  const signed = new Int32Array(words.buffer, words.byteOffset, words.length);
  const floats = new Float32Array(words.buffer, words.byteOffset, words.length);
  words[0] = count;
  const kinds = Object.values(shader.numbers);
  for (let i = 0; i < kinds.length; i++) {
    const view = kinds[i] === "f" ? floats : kinds[i] === "i" ? signed : words;
    view[OWN + i] = numbers[i]!;
  }
  let at = OWN + kinds.length;
  for (let k = 0; k < networks.length; k++) {
    for (const operand of networks[k]!.operands) words[at++] = operand;
    words[at++] = k * scratch;
  }
}

/** The words of an operand. */
export function place(buffer: OptionalBuffer): number {
  return buffer === none ? LEFT_OUT : buffer;
}
