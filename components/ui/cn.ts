import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({ prefix: "pba" });

/** Joins class names. If two contradict each other, the later one wins. */
export const cn = (...classes: ClassValue[]): string => merge(clsx(classes));
