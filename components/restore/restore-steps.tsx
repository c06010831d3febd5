import { cn } from "../ui/cn.ts";
import { Check } from "../ui/icons.ts";

const STEPS = [
  { name: "choose", title: "Choose and check" },
  { name: "upload", title: "Upload" },
  { name: "review", title: "Review and confirm" },
] as const;

interface RestoreStepsProps {
  current: (typeof STEPS)[number]["name"];
}

/** Shows the position of this page among the steps of a restore. */
export function RestoreSteps({ current }: RestoreStepsProps) {
  const at = STEPS.findIndex(({ name }) => name === current);
  return (
    <ol
      aria-label="Steps of the restore"
      className="pba:flex pba:flex-wrap pba:gap-x-5 pba:gap-y-2 pba:text-sm"
    >
      {STEPS.map(({ name, title }, index) => (
        <li
          key={name}
          aria-current={index === at ? "step" : undefined}
          className={cn(
            "pba:items-center pba:gap-2",
            index === at
              ? "pba:inline-flex pba:font-semibold"
              : "pba:hidden pba:text-muted pba:@lg:inline-flex",
          )}
        >
          <span
            aria-hidden
            className={cn(
              "pba:grid pba:size-5 pba:place-items-center pba:rounded-full pba:border pba:border-line pba:text-xs pba:tabular-nums",
              index === at && "pba:border-accent-ink pba:text-accent-ink",
            )}
          >
            {index < at ? <Check className="pba:size-3" /> : index + 1}
          </span>
          {title}
          {index === at && (
            <span className="pba:font-normal pba:text-muted pba:@lg:hidden">
              step {at + 1} of {STEPS.length}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
