import { type ComponentProps, useEffect, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Check, Copy } from "../ui/icons.ts";

interface CopyButtonProps extends Omit<ComponentProps<typeof Button>, "onClick" | "children"> {
  text: string;
  label: string;
  /** Shows only the icon, for lists in which the label would repeat on every line. */
  isIcon?: boolean;
}

/** Copies a text and says whether that worked. Without HTTPS a browser may refuse. */
export function CopyButton({ text, label, isIcon, ...props }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<"copied" | "refused" | null>(null);
  useEffect(() => {
    if (!outcome) return;
    const timer = setTimeout(() => setOutcome(null), 3_000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome("copied");
    } catch {
      setOutcome("refused");
    }
  };
  const labels = {
    idle: label,
    copied: "Copied",
    refused: "The browser does not allow copying here",
  };
  return (
    <>
      <Button
        size="small"
        onClick={copy}
        variant={isIcon ? "ghost" : undefined}
        aria-label={isIcon ? label : undefined}
        title={isIcon ? labels[outcome ?? "idle"] : undefined}
        {...props}
      >
        {outcome === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
        {!isIcon && labels[outcome ?? "idle"]}
      </Button>
      <span role="status" className="pba:sr-only">
        {outcome && (isIcon || outcome === "copied") ? labels[outcome] : ""}
      </span>
    </>
  );
}
