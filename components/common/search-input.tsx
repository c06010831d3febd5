import { Search } from "lucide-react";
import { Input } from "../ui/input.tsx";

interface SearchInputProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

export function SearchInput({ label, value, onChange }: SearchInputProps) {
  return (
    <div className="relative w-full @lg:w-64">
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-pba-muted"
      />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        // It finds while one types; Enter must not send the form around it.
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
        className="pl-9"
      />
    </div>
  );
}
