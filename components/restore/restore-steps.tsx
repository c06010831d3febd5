import Link from "next/link";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Check } from "../ui/icons.ts";

/** Each step asks one question. */
const STEPS = [
  { name: "choose", title: "Choose" },
  { name: "inside", title: "Look inside" },
  { name: "upload", title: "Upload and check" },
  { name: "scope", title: "What comes back" },
  { name: "changes", title: "What changes" },
  { name: "confirm", title: "Confirm" },
] as const;

type RestoreStep = (typeof STEPS)[number]["name"];

interface RestoreStepsProps {
  current: RestoreStep;
  /** Addresses of the steps that can be opened from here. */
  links?: Partial<Record<RestoreStep, string>>;
}

/** Shows the position of this page among the steps of a restore. */
export function RestoreSteps({ current, links = {} }: RestoreStepsProps) {
  const at = STEPS.findIndex(({ name }) => name === current);
  return (
    <nav aria-label="Steps of the restore">
      <ol className="pba:flex pba:flex-wrap pba:gap-x-5 pba:gap-y-2 pba:text-sm">
        {STEPS.map(({ name, title }, index) => {
          const link = index === at ? undefined : links[name];
          const content = (
            <>
              <span
                aria-hidden
                className={cn(
                  "pba:grid pba:size-5 pba:place-items-center pba:rounded-full pba:border pba:border-line pba:text-xs pba:tabular-nums",
                  index === at && "pba:border-accent-ink pba:font-semibold pba:text-accent-ink",
                )}
              >
                {index < at ? <Check className="pba:size-3" /> : index + 1}
              </span>
              {title}
            </>
          );
          const className = "pba:inline-flex pba:items-center pba:gap-2";
          return (
            <li key={name} aria-current={index === at ? "step" : undefined}>
              {link === undefined ? (
                <span
                  className={cn(className, index === at ? "pba:font-semibold" : "pba:text-muted")}
                >
                  {content}
                </span>
              ) : (
                <Link
                  href={link}
                  className={cn(
                    className,
                    "pba:rounded pba:text-muted pba:hover:text-ink",
                    focusRing,
                  )}
                >
                  {content}
                </Link>
              )}
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
