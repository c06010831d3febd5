import { useEffect, useMemo, useState } from "react";
import type { Operation } from "../../lib/shared/api.ts";
import { addSample, type Rates, ratesOf, type Sample, sampleOf } from "../rates.ts";

/** Speed of an operation, from the answers of the last seconds. Null until there are enough. */
export function useRates({ progress, now }: Operation): Rates | null {
  const [samples, setSamples] = useState<Sample[]>([]);
  useEffect(() => {
    setSamples((before) => addSample(before, sampleOf(progress, now)));
  }, [progress, now]);
  return useMemo(() => ratesOf(samples), [samples]);
}
