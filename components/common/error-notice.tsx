import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { ReactNode } from "react";
import { isEnded } from "../../lib/shared/api.ts";
import { withCallback, withNextBasePath } from "../../lib/shared/next-address.ts";
import { ApiError, type PanelErrorReport } from "../api.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { ExternalLink, RotateCw } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { CopyButton } from "./copy-button.tsx";
import { errorPlace } from "./error-place.ts";
import { Facts } from "./facts.tsx";

interface ErrorNoticeProps {
  error: PanelErrorReport | Error;
  /** What failed, if the message alone does not say it. */
  title?: string;
  onRetry?: () => void;
  /** The state of the database now. Shown first. */
  truth?: string;
  children?: ReactNode;
}

/** Shows what happened, what to do, and the error code to copy. */
export function ErrorNotice({ error, title, truth, onRetry, children }: ErrorNoticeProps) {
  const report = reportOf(error);
  const { code, message, hint } = report;
  const place = errorPlace(report);
  return (
    <Notice
      tone="bad"
      role="alert"
      title={title ?? message}
      actions={
        <>
          {code === "UNAUTHENTICATED" && <SignInAgain />}
          {code === "REAUTHENTICATE" && <Reauthenticate report={report} />}
          {code === "OPERATION_IN_PROGRESS" && <RunningOperation report={report} />}
          {onRetry && code !== "UNAUTHENTICATED" && (
            <Button size="small" onClick={onRetry}>
              <RotateCw aria-hidden />
              Try again
            </Button>
          )}
          <CopyButton label="Copy the error report" text={detailsText(report)} />
        </>
      }
    >
      {truth && <p className="pba:font-semibold">{truth}</p>}
      {title && <p>{message}</p>}
      {hint && <p>{hint}</p>}
      {code === "REAUTHENTICATE" && (
        <p>
          This opens in a new tab. Come back to this tab afterwards: you keep what you have typed
          and chosen.
        </p>
      )}
      {place.length > 0 && <Facts facts={place} className="pba:my-2" />}
      {children}
      <p className="pba:text-xs pba:text-muted">
        Code <code className="pba:font-mono">{code}</code>
      </p>
    </Notice>
  );
}

/** The page checks authorization itself: a reload leads to the sign-in page and back here. */
function SignInAgain() {
  return (
    <Button size="small" onClick={() => window.location.reload()}>
      Sign in again
    </Button>
  );
}

/**
 * Opens the sign-in page in another tab, because leaving this one would lose the chosen file and the typed passphrase.
 * It leads back here.
 */
function Reauthenticate({ report: { details } }: { report: PanelErrorReport }) {
  const { path, callbackParam } = details ?? {};
  if (typeof path !== "string" || typeof callbackParam !== "string") return null;
  const signInPath = withNextBasePath(path);
  return (
    <Button size="small" variant="primary" asChild>
      <a
        href={withCallback({ signInPath, callbackParam }, window.location.pathname)}
        target="_blank"
        rel="noopener"
      >
        <ExternalLink aria-hidden />
        Confirm that it is you
      </a>
    </Button>
  );
}

function RunningOperation({ report }: { report: PanelErrorReport }) {
  const { queries, paths } = usePanel();
  const operations = useQuery(queries.operations);
  const named = report.details?.operationId;
  const id =
    typeof named === "string"
      ? named
      : operations.data?.find(({ kind, state }) => kind === "restore" && !isEnded(state))?.id;
  if (!id) return null;
  return (
    <Button size="small" asChild>
      <Link href={paths.operation(id)}>Show what is running</Link>
    </Button>
  );
}

function reportOf(error: PanelErrorReport | Error): PanelErrorReport {
  if (error instanceof ApiError) return error.report;
  if (error instanceof Error) {
    return {
      code: "INTERNAL",
      message: "Something unexpected went wrong in this page.",
      hint: "Load the page again. This does not affect the work on the server.",
      details: { error: error.message },
    };
  }
  return error;
}

function detailsText({ code, message, hint, details }: PanelErrorReport): string {
  const lines = [`error[${code}]: ${message}`, hint, details && JSON.stringify(details)];
  return [...lines, `${new Date().toISOString()} ${window.location.pathname}`]
    .filter(Boolean)
    .join("\n");
}
