// How the images formed, moment by moment: played on the board, or looked through by hand.
import { thousands } from "../lab/thousands.ts";
import type { Workshop } from "../lab/workshop.ts";
import type { App } from "./app.ts";
import { announce, byId } from "./dom.ts";

const FRAME_MS = 90;

export function replayPanel(app: App, workshop: Workshop): void {
  const row = byId("replay", HTMLDivElement);
  const play = byId("replay-play", HTMLButtonElement);
  const at = byId("replay-at", HTMLInputElement);
  const step = byId("replay-step", HTMLOutputElement);
  let frameCount = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  const show = (index: number): void => {
    const frame = index < frameCount ? workshop.frame(index) : undefined;
    if (!frame) return;
    at.value = String(index);
    step.textContent = `update ${thousands(frame.step)}`;
    app.paint(frame.tiles, app.shown?.data, app.shown?.classNames);
  };
  const halt = (): void => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play how they formed";
  };
  const offer = (): void => {
    halt();
    // A run shows its images as they form.
    frameCount = app.state === "idle" ? workshop.frameCount : 0;
    row.hidden = frameCount < 2;
    at.max = String(frameCount - 1);
    at.value = at.max;
    step.textContent = "";
  };
  app.on("set", offer);
  app.on("state", offer);
  at.addEventListener("input", () => {
    halt();
    show(Number(at.value));
  });
  play.addEventListener("click", () => {
    if (timer !== undefined) return halt();
    play.textContent = "Stop";
    announce("The images form again");
    let index = 0;
    show(index);
    timer = setInterval(() => {
      index++;
      if (index < frameCount) show(index);
      else halt();
    }, FRAME_MS);
  });
}
