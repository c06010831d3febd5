import { useEffect, useRef, useState } from "react";
import type { ActivityFilter, OperationKind, OperationState } from "../../lib/shared/api.ts";
import { SearchInput } from "../common/search-input.tsx";
import { Download, List, Upload } from "../ui/icons.ts";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { KINDS, STATES } from "./activity-filter.ts";

const TYPING_MS = 300;

interface ActivityFiltersProps {
  filter: ActivityFilter;
  onChange: (filter: ActivityFilter, entry?: "new" | "same") => void;
}

/** A change of a filter goes back to the first page. */
export function ActivityFilters({ filter, onChange }: ActivityFiltersProps) {
  const { kind, state } = filter;
  return (
    <search className="pba:flex pba:flex-wrap pba:items-center pba:gap-3">
      <Segmented<OperationKind | "all">
        label="Kind"
        value={kind ?? "all"}
        onChange={(value) =>
          onChange({ ...filter, page: 1, kind: value === "all" ? undefined : value })
        }
        options={[
          { value: "all", label: "All", icon: <List aria-hidden /> },
          { value: "backup", label: KINDS.backup, icon: <Download aria-hidden /> },
          { value: "restore", label: KINDS.restore, icon: <Upload aria-hidden /> },
        ]}
      />
      <Select
        aria-label="State"
        className="pba:grow pba:@lg:grow-0"
        value={state ?? ""}
        onChange={(event) =>
          onChange({
            ...filter,
            page: 1,
            state: (event.target.value || undefined) as OperationState | undefined,
          })
        }
      >
        <option value="">Any state</option>
        {Object.entries(STATES).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <Search filter={filter} onChange={onChange} />
    </search>
  );
}

/** Searches when the person stops typing. If the address changes otherwise (back button), shows the new search text. */
function Search({ filter, onChange }: ActivityFiltersProps) {
  const { search = "" } = filter;
  const [typed, setTyped] = useState(search);
  const asked = useRef(search);
  useEffect(() => {
    if (search === asked.current) return;
    asked.current = search;
    setTyped(search);
  }, [search]);
  const ask = () => {
    if (typed.trim() === asked.current.trim()) return;
    // Add one entry to the browser's history for a whole search, not one for each letter.
    const entry = asked.current === "" ? "new" : "same";
    asked.current = typed;
    onChange({ ...filter, page: 1, search: typed }, entry);
  };
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (typed === asked.current) return;
    const timer = setTimeout(() => latest.current(), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <SearchInput
      label="File, person, id or sha256"
      value={typed}
      onChange={setTyped}
      onEnter={ask}
    />
  );
}
