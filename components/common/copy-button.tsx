import { Check, Copy } from "lucide-react";
import { type ComponentProps, useEffect, useState } from "react";
import { Button } from "../ui/button.tsx";

interface CopyButtonProps extends Omit<ComponentProps<typeof Button>, "onClick" | "children"> {
  text: string;
  label: string;
}

/** Copies a text, and says whether that worked: without HTTPS a browser may refuse. */
export function CopyButton({ text, label, ...props }: CopyButtonProps) {
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
  return (
    <>
      <Button size="small" onClick={copy} {...props}>
        {outcome === "copied" ? <Check aria-hidden /> : <Copy aria-hidden />}
        {outcome === "copied"
          ? "Copied"
          : outcome === "refused"
            ? "Copying is not allowed here"
            : label}
      </Button>
      <span role="status" className="pba:sr-only">
        {outcome === "copied" ? "Copied" : ""}
      </span>
    </>
  );
}
