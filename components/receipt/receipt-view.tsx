import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { Operation } from "../../lib/shared/api.ts";
import { type Receipt, toReceipt } from "../../lib/shared/receipt.ts";
import { NoOperation } from "../common/no-operation.tsx";
import { stateLabel, stateTone, truthOf } from "../common/operation-wording.ts";
import { PageHeader } from "../common/page-header.tsx";
import { UndoRestore } from "../common/undo-restore.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { downloadText } from "../download.ts";
import { usePanel } from "../panel-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Braces, Printer } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { ReceiptDetails } from "./receipt-details.tsx";
import { receiptFileName } from "./receipt-wording.ts";
import { usePrintAlone } from "./use-print-alone.ts";

/** The record of an operation for later questions: on the screen, on paper, as JSON. */
export function ReceiptView({ id }: { id: string }) {
  const { queries } = usePanel();
  const { data: operation, error, refetch } = useQuery(queries.operation(id));
  if (operation) return <Loaded operation={operation} />;
  return <NoOperation error={error} title="Receipt" onRetry={() => void refetch()} />;
}

function Loaded({ operation }: { operation: Operation }) {
  const { paths } = usePanel();
  const receipt = toReceipt(operation);
  const back = { href: paths.operation(operation.id), label: `The ${operation.kind}` };
  if (receipt) return <Whole operation={operation} receipt={receipt} back={back} />;
  return (
    <>
      <PageHeader back={back} title="Receipt" />
      <Notice
        title={`This ${operation.kind} has not ended yet.`}
        actions={
          <Button size="small" asChild>
            <Link href={back.href}>Show the {operation.kind}</Link>
          </Button>
        }
      >
        <p>Its receipt will be here.</p>
      </Notice>
    </>
  );
}

interface WholeProps {
  operation: Operation;
  receipt: Receipt;
  back: { href: string; label: string };
}

function Whole({ operation, receipt, back }: WholeProps) {
  const ref = useHeadingFocus(`${operation.id} receipt`);
  usePrintAlone(ref);
  const { kind } = operation;
  return (
    <div ref={ref} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-6 pba:print:gap-4">
      <PageHeader
        back={back}
        title={`Receipt of a ${kind}`}
        badge={<Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>}
        description={<p>{truthOf(operation)}</p>}
        actions={
          <>
            <Button
              onClick={() =>
                downloadText(
                  `${JSON.stringify(receipt, null, 2)}\n`,
                  "application/json",
                  receiptFileName(receipt),
                )
              }
            >
              <Braces aria-hidden />
              Download as JSON
            </Button>
            <Button onClick={() => window.print()}>
              <Printer aria-hidden />
              Print
            </Button>
          </>
        }
      />
      <ReceiptDetails receipt={receipt} />
      <div className="pba:print:hidden">
        <UndoRestore operation={operation} />
      </div>
    </div>
  );
}
