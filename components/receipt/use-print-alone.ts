import { type RefObject, useEffect } from "react";

/** A host's frame of fixed height would cut the print after the first page. */
const AS_ON_PAPER = {
  display: "block",
  position: "static",
  height: "auto",
  "max-height": "none",
  width: "auto",
  "max-width": "none",
  margin: "0",
  padding: "0",
  overflow: "visible",
  transform: "none",
  "background-color": "white",
};

/**
 * Prints an element alone: while the page is printed, the siblings of the element and of each of its ancestors, such as
 * the host's navigation, are hidden. Afterwards everything is restored.
 */
export function usePrintAlone(ref: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const changed = new Map<HTMLElement, string | null>();
    const change = (element: Element | null, styles: Record<string, string>) => {
      if (!(element instanceof HTMLElement)) return;
      if (!changed.has(element)) changed.set(element, element.getAttribute("style"));
      for (const [property, value] of Object.entries(styles)) {
        element.style.setProperty(property, value, "important");
      }
    };
    const prepare = () => {
      let element: Element | null | undefined = ref.current?.closest(".pba");
      while (element && element !== document.documentElement) {
        const parent: Element | null = element.parentElement;
        for (const sibling of parent?.children ?? []) {
          if (sibling !== element && sibling.tagName !== "HEAD")
            change(sibling, { display: "none" });
        }
        if (parent) change(parent, AS_ON_PAPER);
        element = parent;
      }
    };
    const putBack = () => {
      for (const [element, style] of changed) {
        if (style === null) element.removeAttribute("style");
        else element.style.cssText = style;
      }
      changed.clear();
    };
    const media = window.matchMedia("print");
    const follow = () => (media.matches ? prepare() : putBack());
    media.addEventListener("change", follow);
    window.addEventListener("beforeprint", prepare);
    window.addEventListener("afterprint", putBack);
    return () => {
      media.removeEventListener("change", follow);
      window.removeEventListener("beforeprint", prepare);
      window.removeEventListener("afterprint", putBack);
      putBack();
    };
  }, [ref]);
}
