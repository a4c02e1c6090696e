// Stands for src/backend/reference/backend.ts in the project `delayed`.
import { createReferenceBackend as createPrompt } from "../../src/backend/reference/backend.ts";
import { DelayedBackend } from "./delayed-backend.ts";

export function createReferenceBackend(): DelayedBackend {
  return new DelayedBackend(createPrompt());
}
