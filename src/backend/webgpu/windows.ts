// A memory that is larger than a shader may bind at once. It stays one buffer, and shaders see it as neighbouring windows, each a
// binding of its own: wherever their text reads or writes the memory, it asks first in which window that lies.

/** How shaders see the memory. */
export interface Windows {
  /** Their number; one where all of the memory can be bound at once. */
  readonly count: number;
  /** Floats of each but the last, which may have fewer. */
  readonly floats: number;
}

/** All of the memory at once. */
export const oneWindow: Windows = { count: 1, floats: 0 };

/** Bindings that every shader has besides: the words of its dispatch, and the scratch. */
const OTHERS = 2;

/** What a device binds at most: floats of a window, and how many windows. */
export function largestWindows({ limits }: GPUDevice): Windows {
  const { maxStorageBufferBindingSize, maxStorageBuffersPerShaderStage, minStorageBufferOffsetAlignment } = limits;
  const bytes = maxStorageBufferBindingSize - (maxStorageBufferBindingSize % minStorageBufferOffsetAlignment);
  return { count: maxStorageBuffersPerShaderStage - OTHERS, floats: bytes / 4 };
}

/** The windows that a memory of `floats` floats takes. */
export function windowsFor(floats: number, largest: Windows): Windows {
  const count = Math.ceil(floats / largest.floats);
  return count > 1 ? { count, floats: largest.floats } : oneWindow;
}

/** The number of the binding of a window. Words and scratch have 1 and 2. */
export function bindingOf(window: number): number {
  return window === 0 ? 0 : OTHERS + window;
}

/** Declares the memory in WGSL: as the array `m`, or for text that `inWindows` made. */
export function declareMemory({ count, floats }: Windows): string {
  const declared = (name: string, window: number): string =>
    `@group(0) @binding(${bindingOf(window)}) var<storage, read_write> ${name}: array<f32>;\n`;
  if (count === 1) return declared("m", 0);
  const names = Array.from({ length: count }, (_, window) => `m${window}`);
  const choose = (use: (name: string) => string): string =>
    names
      .map((name, k) => `${k < count - 1 ? `case ${k}u` : "default"}: { ${use(`${name}[i % ${floats}u]`)} }`)
      .join(" ");
  return `${names.map(declared).join("")}
fn m_get(i: u32) -> f32 { switch i / ${floats}u { ${choose((place) => `return ${place};`)} } }
fn m_put(i: u32, value: f32) { switch i / ${floats}u { ${choose((place) => `${place} = value;`)} } }
`;
}

/** A place of the memory, not of a variable whose name ends with an m. */
const place = /(?<![\w.])m\[/;
const assignment = /^\s*([-+*/]?)=(?!=)/;

/** Returns WGSL that says `m_get` and `m_put` where `text` reads and writes `m[…]`. */
export function inWindows(text: string): string {
  const found = place.exec(text);
  if (!found) return text;
  const from = found.index + found[0].length;
  const to = endOf(text, from, "]");
  const index = `u32(${inWindows(text.slice(from, to))})`;
  const [before, after] = [text.slice(0, found.index), text.slice(to + 1)];
  const assigned = assignment.exec(after);
  if (!assigned) return `${before}m_get(${index})${inWindows(after)}`;
  const start = assigned[0].length;
  const end = endOf(after, start, ";");
  const value = inWindows(after.slice(start, end).trim());
  const sum = assigned[1] === "" ? value : `m_get(${index}) ${assigned[1]} (${value})`;
  return `${before}m_put(${index}, ${sum})${inWindows(after.slice(end))}`;
}

/** Where `close` comes first after `from`, outside the brackets that open there. */
function endOf(text: string, from: number, close: string): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (depth === 0 && character === close) return at;
    if ("([".includes(character)) depth++;
    if (")]".includes(character)) depth--;
  }
  throw new Error(`the shader has no "${close}" after ${text.slice(from - 10, from + 30)}`);
}
