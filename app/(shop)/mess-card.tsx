"use client";

import Link from "next/link";
import { useState, useTransition } from "react";
import { formatNumber } from "../ui/format.ts";
import { type Mess, makeAMess } from "./make-a-mess.ts";

type Step = "offered" | "asking" | Mess | "failed";

export function MessCard() {
  const [step, setStep] = useState<Step>("offered");
  const [pending, startTransition] = useTransition();
  const confirm = () =>
    startTransition(async () => {
      setStep(await makeAMess().catch(() => "failed" as const));
    });
  return (
    <section aria-labelledby="mess" className="card p-5">
      <h2 id="mess" className="font-semibold">
        A bad day
      </h2>
      <p className="mt-1 max-w-prose text-sm text-muted">
        This is a demo. Make a mess of its data, then put it right from a{" "}
        <Link
          href="/admin/backup"
          className="focus-ring rounded font-medium text-brand-strong underline-offset-4 hover:underline"
        >
          backup
        </Link>
        .
      </p>
      <div className="mt-4 text-sm" aria-live="polite">
        {step === "asking" ? (
          <div className="grid gap-3 rounded-lg bg-bad-soft p-4">
            <p>
              A third of the orders and most reviews will be deleted, half of the products get wrong
              names and prices, and some customers lose theirs. Do you have a backup?
            </p>
            <div className="flex flex-wrap gap-3">
              <button type="button" onClick={confirm} disabled={pending} className="button-bad">
                {pending ? "Making a mess…" : "Yes, make the mess"}
              </button>
              <button
                type="button"
                onClick={() => setStep("offered")}
                disabled={pending}
                className="button"
              >
                Keep everything
              </button>
            </div>
          </div>
        ) : (
          <div className="grid justify-items-start gap-3">
            {step === "failed" && (
              <p className="text-bad">That did not work; nothing was changed. Try again.</p>
            )}
            {typeof step === "object" && (
              <p className="rounded-lg bg-warn-soft p-4 text-ink">
                Done. {formatNumber(step.ordersDeleted)} orders and{" "}
                {formatNumber(step.reviewsDeleted)} reviews deleted,{" "}
                {formatNumber(step.productsChanged)} products changed,{" "}
                {formatNumber(step.customersRenamed)} customers renamed.
              </p>
            )}
            <button type="button" onClick={() => setStep("asking")} className="button">
              Make a mess
            </button>
          </div>
        )}
      </div>
    </section>
  );
}
