// Small helpers for a page without a framework.

import { thousands } from "../lab/thousands.ts";
import { inWords } from "./in-words.ts";

export { inWords } from "./in-words.ts";
export { plain } from "./plain.ts";

/** Returns the element with this id, of this class; the markup is ours, so its absence is a bug. */
export function byId<T extends HTMLElement>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} #${id}`);
  return element;
}

export function create<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Writes a share as text; number and sign stay on one line. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

export function count(n: number, one: string, many: string = `${one}s`): string {
  return `${thousands(n)} ${n === 1 ? one : many}`;
}

/** Writes seconds as a person says them. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "";
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** Tells people who listen to the page. */
export function announce(text: string): void {
  byId("announce", HTMLParagraphElement).textContent = text;
}

/** The only notice of a fault. It moves to the control that was used. */
const notice = (): HTMLDivElement => byId("trouble", HTMLDivElement);

/** Whether the notice shows a fault of something that the user asked for. */
let askedFor = false;

/**
 * Shows a fault below `beside`, the control or the part of the page that was used, and brings it into view if the user
 * asked for what failed. A fault of something that nobody asked for does not take that one's place.
 */
export function showTrouble(error: unknown, beside: HTMLElement, asked = true): void {
  const element = notice();
  if (!asked && askedFor && !element.hidden) return;
  askedFor = asked;
  element.querySelector("p")!.textContent = inWords(error);
  beside.after(element);
  for (let outer = beside.closest("details"); outer; outer = outer.parentElement!.closest("details")) outer.open = true;
  element.hidden = false;
  if (asked) keepInView(element);
}

/** Undoes `keepInView`. */
let letGo = (): void => {};

/** Brings an element into view, and again where the page around it still changes its size, until the visitor does something. */
function keepInView(element: HTMLElement): void {
  letGo();
  const sizes = new ResizeObserver(() => element.scrollIntoView({ block: "nearest" }));
  sizes.observe(document.body);
  element.scrollIntoView({ block: "nearest" });
  const inputs = ["wheel", "touchstart", "pointerdown", "keydown"];
  letGo = () => {
    sizes.disconnect();
    for (const input of inputs) removeEventListener(input, letGo);
  };
  for (const input of inputs) addEventListener(input, letGo, { passive: true });
}

/** Hides the notice; with `beside`, only if it is shown there. */
export function clearTrouble(beside?: HTMLElement): void {
  const element = notice();
  if (beside !== undefined && element.previousElementSibling !== beside) return;
  element.hidden = true;
  letGo();
}

/** Runs what a user asked for, and shows what it throws below `beside`. Nothing is shown if another request ended it. */
export async function attempt(beside: HTMLElement, work: () => Promise<unknown>): Promise<void> {
  clearTrouble(beside);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Error && error.name === "AbortError")) showTrouble(error, beside);
  }
}
