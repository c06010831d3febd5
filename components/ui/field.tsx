import { type ReactNode, useId } from "react";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the input. Screen readers announce it with the input. */
  problems?: string[] | undefined;
  children: (control: {
    id: string;
    "aria-describedby": string | undefined;
    "aria-invalid": true | undefined;
  }) => ReactNode;
}

/** A labelled input with its hint and problems. */
export function Field({ label, hint, problems, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, problems && `${id}-problems`].filter(Boolean).join(" ");
  return (
    <div className="pba:grid pba:gap-1.5">
      <label htmlFor={id} className="pba:w-fit pba:font-medium">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": problems ? true : undefined,
      })}
      {hint && (
        <div id={`${id}-hint`} className="pba:text-muted">
          {hint}
        </div>
      )}
      <Problems id={`${id}-problems`} of={problems} />
    </div>
  );
}

/** One sentence per line. */
export function Problems({ id, of }: { id?: string; of: string[] | undefined }) {
  return (
    <div id={id} aria-live="polite" className="pba:text-bad pba:empty:hidden">
      {of?.map((problem) => (
        <p key={problem}>{problem}</p>
      ))}
    </div>
  );
}
