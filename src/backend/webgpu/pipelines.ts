// The compiled shaders of a device, for a memory of so many windows. They are compiled asynchronously, because a page would freeze otherwise, and once each.
import { UnsupportedError } from "../../errors.ts";
import { thrown } from "../../kinds.ts";
import { STAGE_COMPUTE } from "./flags.ts";
import { type Shader, textOf } from "./shader.ts";
import { bindingOf, type Windows } from "./windows.ts";

export class Pipelines {
  /** Of what every shader is bound to: memory, words by a dynamic offset, scratch. */
  readonly layout: GPUBindGroupLayout;
  readonly #device: GPUDevice;
  readonly #windows: Windows;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #ready = new Map<Shader, GPUComputePipeline>();
  readonly #compiling = new Map<Shader, Promise<void>>();

  constructor(device: GPUDevice, windows: Windows) {
    this.#device = device;
    this.#windows = windows;
    const entry = (binding: number, type: GPUBufferBindingType, hasDynamicOffset = false): GPUBindGroupLayoutEntry => ({
      binding,
      visibility: STAGE_COMPUTE,
      buffer: { type, hasDynamicOffset },
    });
    this.layout = device.createBindGroupLayout({
      label: "distillate",
      entries: [
        ...Array.from({ length: windows.count }, (_, window) => entry(bindingOf(window), "storage")),
        entry(1, "read-only-storage", true),
        entry(2, "storage"),
      ],
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
  }

  /** Returns the pipeline of a shader that `prepared` was asked for. */
  of(shader: Shader): GPUComputePipeline {
    return this.#ready.get(shader)!;
  }

  /** Compiles what is missing. Returns nothing if nothing is; rejects with UnsupportedError for what the GPU does not take. */
  prepared(shaders: Iterable<Shader>): Promise<unknown> | undefined {
    const waiting: Promise<void>[] = [];
    for (const shader of shaders) {
      if (this.#ready.has(shader)) continue;
      const compiling = this.#compiling.get(shader) ?? this.#compile(shader);
      this.#compiling.set(shader, compiling);
      waiting.push(compiling);
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting);
  }

  async #compile(shader: Shader): Promise<void> {
    const { name } = shader;
    const module = this.#device.createShaderModule({ label: name, code: textOf(shader, this.#windows) });
    try {
      const pipeline = await this.#device.createComputePipelineAsync({
        ...{ label: name, layout: this.#pipelineLayout, compute: { module, entryPoint: "main" } },
      });
      this.#ready.set(shader, pipeline);
    } catch (cause) {
      const { messages } = await module.getCompilationInfo();
      const { message } = messages.find(({ type }) => type === "error") ?? thrown(cause);
      throw new UnsupportedError(`this GPU does not compile the shader "${name}": ${message}`, { cause });
    } finally {
      this.#compiling.delete(shader);
    }
  }
}
