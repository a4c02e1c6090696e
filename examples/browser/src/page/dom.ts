// Small helpers for a page without a framework.

/** The element with this id, of this class; the markup is ours, so its absence is a bug. */
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

/** A share as text; number and sign stay on one line. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)}\u00a0%`;
}

export function count(n: number, one: string, many: string = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Seconds as a person says them. */
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

/** Shows what went wrong, in words; `undefined` takes it away. */
export function trouble(error: unknown): void {
  const notice = byId("trouble", HTMLDivElement);
  const message = error instanceof Error ? error.message : error;
  notice.hidden = message === undefined;
  notice.querySelector("p")!.textContent = String(message ?? "");
}

/** Runs what a user asked for; what it throws is shown. */
export async function attempt(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    trouble(error);
  }
}
