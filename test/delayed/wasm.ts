// Stands for src/backend/wasm/backend.ts in the project `delayed`.
import { createWasmBackend as createPrompt, type WasmOptions } from "../../src/backend/wasm/backend.ts";
import { DelayedBackend } from "./delayed-backend.ts";

export async function createWasmBackend(options: WasmOptions): Promise<DelayedBackend> {
  return new DelayedBackend(await createPrompt(options));
}
