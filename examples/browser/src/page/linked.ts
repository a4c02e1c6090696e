// Links that hold a set: what happens when the page is opened by one.
import type { Shown } from "../lab/api.ts";
import { unpackedSet } from "../lab/set-files.ts";
import type { App } from "./app.ts";
import { count } from "./dom.ts";

/** What stands before the text of a set in the address; browsers do not send what is behind a #. */
export const linkMark = "#set=";

/** Shows the set of the link with which the page was opened; returns whether it was such a link. */
export async function showLinked(app: App): Promise<boolean> {
  if (!location.hash.startsWith(linkMark)) return false;
  const shown = app.lab.take(await unpackedSet(location.hash.slice(linkMark.length)));
  app.show(shown, storyOf(shown));
  return true;
}

function storyOf({ data, outerSteps, packedBits }: Shown): string {
  const from = data === undefined ? "" : `, made from ${data}`;
  const updates = outerSteps === undefined ? "" : ` in ${count(outerSteps, "update")}`;
  return `From a link${from}${updates}, packed to ${packedBits} bits a pixel.`;
}
