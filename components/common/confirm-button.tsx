import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { Button } from "../ui/button.tsx";
import { Spinner } from "../ui/spinner.tsx";

interface ConfirmButtonProps {
  label: string;
  question: string;
  explanation: ReactNode;
  confirmLabel: string;
  keepLabel: string;
  isPending: boolean;
  onConfirm: () => void;
}

/** A button that asks for confirmation, in the page, before it acts. */
export function ConfirmButton(props: ConfirmButtonProps) {
  const [isAsking, setIsAsking] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const id = useId();
  const { isPending } = props;
  const isOpen = isAsking && !isPending;
  const wasOpen = useRef(false);
  useEffect(() => {
    // The button that had the focus is gone.
    const isLost = wasOpen.current && !isOpen && document.activeElement === document.body;
    wasOpen.current = isOpen;
    if (isLost) opener.current?.focus();
  }, [isOpen]);
  const close = () => setIsAsking(false);
  if (!isOpen) {
    return (
      // Not disabled while pending, because a disabled button loses the focus.
      <Button
        ref={opener}
        aria-disabled={isPending}
        onClick={() => !isPending && setIsAsking(true)}
      >
        {isPending && <Spinner />}
        {props.label}
      </Button>
    );
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for form controls; this groups a question with its two answers.
    <div
      role="group"
      aria-labelledby={`${id}-question`}
      aria-describedby={`${id}-explanation`}
      onKeyDown={(event) => event.key === "Escape" && close()}
      className="pba:grid pba:w-full pba:gap-3 pba:rounded-lg pba:border pba:border-line pba:bg-sunken pba:p-4"
    >
      <div>
        <p id={`${id}-question`} className="pba:font-medium">
          {props.question}
        </p>
        <p id={`${id}-explanation`} className="pba:text-muted">
          {props.explanation}
        </p>
      </div>
      <div className="pba:flex pba:flex-wrap pba:gap-2">
        <Button
          variant="danger"
          onClick={() => {
            close();
            props.onConfirm();
          }}
        >
          {props.confirmLabel}
        </Button>
        <Button autoFocus onClick={close}>
          {props.keepLabel}
        </Button>
      </div>
    </div>
  );
}
