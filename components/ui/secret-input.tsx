import type { ComponentProps } from "react";
import { Button } from "./button.tsx";
import { Eye, EyeOff } from "./icons.ts";
import { Input } from "./input.tsx";

interface SecretInputProps extends Omit<ComponentProps<"input">, "type"> {
  isShown: boolean;
  /** Left out if another input's button shows and hides this one too. */
  onShow?: (isShown: boolean) => void;
  /** The word for what is typed here. */
  noun?: string;
}

/** A passphrase input with a button to show or hide the text. */
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
