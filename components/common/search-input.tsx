import { Search } from "../ui/icons.ts";
import { Input } from "../ui/input.tsx";

interface SearchInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** Called when the person presses Enter. Default: nothing happens. */
  onEnter?: () => void;
}

export function SearchInput({ label, value, onChange, onEnter }: SearchInputProps) {
  return (
    <div className="pba:relative pba:w-full pba:@lg:w-64">
      <Search
        aria-hidden
        className="pba:pointer-events-none pba:absolute pba:top-1/2 pba:left-3 pba:size-4 pba:-translate-y-1/2 pba:text-muted"
      />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        // The search runs while the person types. Enter must not submit the form around it.
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          onEnter?.();
        }}
        className="pba:pl-9"
      />
    </div>
  );
}
