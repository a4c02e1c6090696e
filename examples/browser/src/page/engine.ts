// Starts what computes, and says beside the page's title whether it runs.
import type { Lab } from "../lab/lab.ts";
import { byId, count } from "./dom.ts";

/** Where the page says on how many threads it computes. */
export const chip = (): HTMLParagraphElement => byId("threads-chip", HTMLParagraphElement);

/** Starts the engine, or restarts it with another number of threads; returns what it lacks here, and why, in sentences. */
export async function openEngine(lab: Lab, wanted: number | "auto"): Promise<readonly string[]> {
  const says = chip();
  says.textContent = "not running";
  const { threads, notices } = await lab.open(wanted);
  says.textContent = count(threads, "thread");
  says.title = notices.join(". ");
  return notices;
}
