import type { ManifestSummary } from "../../lib/shared/api.ts";
import { formatBytes, formatCount, formatMoment } from "../../lib/shared/format.ts";
import { Facts } from "../common/facts.tsx";
import { ENCRYPTION_LABELS } from "../common/operation-wording.ts";
import { Card } from "../ui/card.tsx";

export function ManifestCard({ manifest }: { manifest: ManifestSummary }) {
  const { createdAt, database, tables, migrations } = manifest;
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const jsonBytes = tables.reduce((sum, table) => sum + table.jsonBytes, 0);
  const lastMigration = migrations.at(-1);
  return (
    <Card title="The backup">
      <Facts
        className="pba:grid-cols-[repeat(auto-fill,minmax(11rem,1fr))]"
        facts={[
          ...(createdAt
            ? [
                {
                  label: "Made",
                  value: <time dateTime={createdAt}>{formatMoment(createdAt)}</time>,
                },
              ]
            : []),
          ...(database
            ? [{ label: "From", value: `${database.name} · PostgreSQL ${database.serverVersion}` }]
            : []),
          { label: "Tables", value: formatCount(tables.length) },
          { label: "Rows", value: formatCount(rows) },
          { label: "Data", value: formatBytes(jsonBytes) },
          // The original stored no sequences. That does not mean that there were none.
          ...(manifest.formatVersion === null
            ? []
            : [{ label: "Sequences", value: formatCount(manifest.sequences) }]),
          { label: "Encryption", value: ENCRYPTION_LABELS[manifest.encryption] },
          {
            label: "Made by",
            value:
              manifest.formatVersion === null
                ? manifest.tool
                : `${manifest.tool}, format ${manifest.formatVersion}`,
          },
          ...(lastMigration ? [{ label: "Last migration", value: lastMigration.name }] : []),
        ]}
      />
    </Card>
  );
}
