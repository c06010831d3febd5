export function Brand() {
  return (
    <span className="flex items-center gap-2.5">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-7 shrink-0">
        <rect width="32" height="32" rx="8" className="fill-brand" />
        <path
          d="M16 6c5.5 3.8 7.5 8 6 12.5-1 3-3.3 4.5-5 5V27h-2v-3.5c-1.7-.5-4-2-5-5C8.5 14 10.5 9.8 16 6Z"
          className="fill-on-brand"
        />
      </svg>
      <span className="font-serif text-lg leading-none font-semibold tracking-tight">
        Alder &amp; Finch
      </span>
    </span>
  );
}
