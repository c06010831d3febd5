import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { Card } from "../ui/card.tsx";

/** Compares the backup's migrations with the database's. */
export function MigrationsCard({ migrations }: Pick<RestorePlan, "migrations">) {
  if (migrations.length === 0) return null;
  const both = migrations.filter(({ inBackup, inDatabase }) => inBackup && inDatabase).length;
  const onlyHere = migrations.filter(({ inBackup }) => !inBackup);
  const onlyInBackup = migrations.filter(({ inDatabase }) => !inDatabase);
  const agree = onlyHere.length === 0 && onlyInBackup.length === 0;
  return (
    <Card
      title="Migrations"
      description="A restore changes rows only. The schema and its migrations stay as they are."
    >
      <div className="pba:grid pba:gap-4">
        <p>
          {agree
            ? `The backup was made with the same ${formatNoun(both, "migration")} that this database has.`
            : `${formatNoun(both, "migration")} ${both === 1 ? "is" : "are"} in both.`}
        </p>
        <Names
          title="Applied here since the backup was made"
          migrations={onlyHere.map(({ name }) => name)}
        />
        <Names
          title="In the backup, and not applied here"
          migrations={onlyInBackup.map(({ name }) => name)}
        />
      </div>
    </Card>
  );
}

function Names({ title, migrations }: { title: string; migrations: string[] }) {
  if (migrations.length === 0) return null;
  return (
    <div>
      <h3 className="pba:text-xs pba:text-muted">{title}</h3>
      <ul aria-label={title} className="pba:mt-1 pba:grid pba:gap-0.5 pba:font-mono pba:text-xs">
        {migrations.map((name) => (
          <li key={name} className="pba:wrap-anywhere">
            {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
