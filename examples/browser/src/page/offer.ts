// A notice that offers ways on after something failed, below the part of the page that was used.
import { create } from "./dom.ts";

export interface Choice {
  readonly label: string;
  readonly work: () => void;
}

/**
 * Shows a sentence with a button for each choice, the first one the most likely, below `beside`, in view and read out. Returns
 * what ends it; a choice does so too.
 */
export function offer(beside: HTMLElement, text: string, choices: readonly Choice[]): () => void {
  const notice = create("div", { className: "notice" }, create("p", { textContent: text }));
  notice.setAttribute("role", "alert");
  const end = (): void => notice.remove();
  const buttons = choices.map(({ label, work }, i) => {
    const button = create("button", { type: "button", textContent: label, className: i === 0 ? "primary" : "" });
    button.addEventListener("click", () => {
      end();
      work();
    });
    return button;
  });
  const dismiss = create("button", { type: "button", textContent: "Dismiss", className: "quiet" });
  dismiss.addEventListener("click", end);
  notice.append(create("div", { className: "row" }, ...buttons, dismiss));
  beside.after(notice);
  notice.scrollIntoView({ block: "nearest" });
  return end;
}
