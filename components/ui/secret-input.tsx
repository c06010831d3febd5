import type { ComponentProps } from "react";
import { Button } from "./button.tsx";
import { Eye, EyeOff } from "./icons.ts";
import { Input } from "./input.tsx";

interface SecretInputProps extends Omit<ComponentProps<"input">, "type"> {
  isShown: boolean;
  /** Left out where another input's button shows and hides this one too. */
  onShow?: (isShown: boolean) => void;
  /** What is typed here. */
  noun?: string;
}

/** A passphrase, hidden or shown as the person likes. */
export function SecretInput({ isShown, onShow, noun = "passphrase", ...props }: SecretInputProps) {
  return (
    <div className="pba:relative">
      <Input
        type={isShown ? "text" : "password"}
        autoCapitalize="off"
        spellCheck={false}
        {...props}
        className="pba:pr-11 pba:font-mono"
      />
      {onShow && (
        <Button
          variant="ghost"
          size="icon"
          aria-label={`${isShown ? "Hide" : "Show"} ${noun}`}
          aria-pressed={isShown}
          onClick={() => onShow(!isShown)}
          className="pba:absolute pba:top-1/2 pba:right-1 pba:size-8 pba:-translate-y-1/2"
        >
          {isShown ? <EyeOff aria-hidden /> : <Eye aria-hidden />}
        </Button>
      )}
    </div>
  );
}
