import type { ComponentProps } from "react";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { RestoreSteps } from "./restore-steps.tsx";

interface RestoreHeaderProps {
  /** As in `useHeadingFocus`. */
  page: string;
  state?: string;
  step: ComponentProps<typeof RestoreSteps>["current"];
  title: string;
  description?: string;
}

export function RestoreHeader({ page, state, step, title, description }: RestoreHeaderProps) {
  const around = useHeadingFocus(page, state);
  return (
    <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-4">
      <PageHeader back title={title} description={description} />
      <RestoreSteps current={step} />
    </div>
  );
}
