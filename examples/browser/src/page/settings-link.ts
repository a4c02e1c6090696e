// Links that fill the form: the settings in the part of an address that browsers do not send.
import type { Settings } from "../lab/api.ts";
import type { SettingsForm } from "./settings.ts";

const mark = "#recipe?";

const numbers = ["imagesPerClass", "steps", "epochs", "outerSteps", "batch", "seed"] as const;

/** Returns the address of this page with these settings. Pictures are not in it. */
export function settingsAddress(settings: Settings): string {
  const { method, init } = settings;
  const values = new URLSearchParams({ method, init });
  for (const name of numbers) values.set(name, String(settings[name]));
  return `${location.href.replace(/#.*/s, "")}${mark}${values}`;
}

/** Fills the form with the settings in the address, if it has any. What is not a setting, or no number, is left as it is. */
export function fillFromAddress(form: SettingsForm): void {
  if (!location.hash.startsWith(mark)) return;
  const values = new URLSearchParams(location.hash.slice(mark.length));
  const method = values.get("method");
  const settings: Partial<Record<(typeof numbers)[number], number>> = {};
  for (const name of numbers) {
    const text = values.get(name);
    if (text !== null && /^\d{1,6}$/.test(text)) settings[name] = Number(text);
  }
  const known = (["back-gradient", "distribution-matching", "frepo"] as const).find((name) => name === method);
  form.fill({
    ...(known && { method: known, init: values.get("init") === "fixed" ? "fixed" : "random" }),
    ...settings,
  });
  document.getElementById("make")!.scrollIntoView();
}
