// Links to the code and the documentation, where the page was built with their address (vite.config.ts).
import { byId, create } from "./dom.ts";

export function repositoryLinks(): void {
  const address: string = import.meta.env.REPOSITORY;
  if (!/^https?:/.test(address)) return;
  const to = (path: string, text: string): HTMLAnchorElement =>
    create("a", { href: new URL(path, `${address.replace(/(\.git)?\/?$/, "")}/`).href, textContent: text });
  byId("repository", HTMLSpanElement).replaceChildren(
    to(".", "The code"),
    ", ",
    to("blob/HEAD/docs/math.md", "its formulas"),
    " and ",
    to("blob/HEAD/docs/results.md", "its measurements"),
    ".",
  );
}
