// Keeps the focus of the keyboard in the page. A control that is disabled, hidden or removed while it has the focus loses it to the
// page's body, from where a keyboard begins at the top again. Here a neighbour gets it, and gives it back if the control returns
// before the user does anything.

const selector = "a[href], button, input, select, textarea, summary, [tabindex]";

/** Whether a control can have the focus. What older browsers do not tell is whether it lies in details that are closed. */
const focusable = (element: HTMLElement): boolean =>
  !element.matches(":disabled") && (element.checkVisibility?.() ?? element.getClientRects().length > 0);

const within = (part: ParentNode): HTMLElement[] => [...part.querySelectorAll<HTMLElement>(selector)].filter(focusable);

/** Where the focus is, as it was when it came there: the control may be gone when it matters. */
interface Place {
  readonly control: HTMLElement;
  /** The parts of the page around it, from its parent to the body. */
  readonly around: readonly HTMLElement[];
  /** All controls of the page, in order. */
  readonly order: readonly HTMLElement[];
  /** What the notice is about that holds the control, if one does. */
  readonly subject: Element | null;
}

function placeOf(control: HTMLElement): Place {
  const around: HTMLElement[] = [];
  for (let part = control.parentElement; part; part = part.parentElement) around.push(part);
  const subject = control.closest(".notice")?.previousElementSibling ?? null;
  return { control, around, order: [...document.querySelectorAll<HTMLElement>(selector)], subject };
}

/** Returns the control that is next to a lost one: that of its notice's subject, or else in the smallest part that has one. */
function neighbour({ control, around, order, subject }: Place): HTMLElement | undefined {
  const [first] = subject?.isConnected ? within(subject) : [];
  if (first) return first;
  const at = order.indexOf(control);
  const [before, after] = [order.slice(0, at).reverse(), order.slice(at + 1)];
  for (const part of around) {
    const here = within(part);
    if (!part.isConnected || here.length === 0) continue;
    return [...after, ...before].find((other) => here.includes(other)) ?? here[0];
  }
  return undefined;
}

export function keepFocus(): void {
  let place: Place | undefined;
  /** The control that lost the focus, and the one that has it until there is a better one, or the user does something. */
  let lent: { readonly lost: Place; readonly to: HTMLElement } | undefined;

  const lend = (lost: Place): void => {
    const to = focusable(lost.control) ? lost.control : neighbour(lost);
    if (to === lent?.to) return;
    to?.focus({ preventScroll: true });
    lent = to && to !== lost.control ? { lost, to } : undefined;
  };

  const look = (): void => {
    const { activeElement } = document;
    const atNeighbour = lent !== undefined && activeElement === lent.to;
    if (lent && (atNeighbour || !focusable(lent.to))) {
      lend(lent.lost);
    } else if (place && !focusable(place.control)) {
      const lost = place;
      place = undefined;
      // Something else may have it already.
      if (!activeElement || activeElement === document.body || activeElement === lost.control) lend(lost);
    }
  };

  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof HTMLElement) place = placeOf(target);
  });
  document.addEventListener("focusout", ({ target }) => {
    // A user who clicks beside all controls takes the focus away from one that could have kept it.
    queueMicrotask(() => {
      const away = document.activeElement === document.body;
      if (away && place?.control === target && focusable(place.control)) place = undefined;
    });
  });
  for (const event of ["keydown", "pointerdown"]) {
    document.addEventListener(
      event,
      () => {
        lent = undefined;
      },
      true,
    );
  }
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["disabled", "hidden", "open"],
  });
}
