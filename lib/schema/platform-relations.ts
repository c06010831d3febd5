import type pg from "pg";
import type { TableName } from "../shared/api.ts";
import { notOfExtension } from "./user-objects.ts";

interface Platform {
  name: string;
  /** The platform's own roles, as a regular expression. */
  roles: string;
  /** Schemas with the platform's own objects. */
  schemas: readonly string[];
  /** Tables that describe the database's schema. The platform's tools create them as the role that runs them. */
  ledgers?: readonly string[];
}

/** An app may have its own schema `auth`. Only what a role of the platform owns there belongs to the platform. */
const PLATFORMS: readonly Platform[] = [
  {
    name: "Supabase",
    roles: "^(supabase_[a-z_]*admin|pgbouncer)$",
    // As Supabase's command lists them: github.com/supabase/cli, pkg/migration/dump.go.
    schemas: [
      ...["auth", "storage", "realtime", "extensions", "graphql", "graphql_public", "vault"],
      ...["supabase_functions", "supabase_migrations", "pgbouncer", "pgsodium", "pgsodium_masks"],
      ...["etl", "net", "cron", "pgtle", "_analytics", "_realtime", "_supavisor"],
    ],
    ledgers: ["supabase_migrations.schema_migrations", "supabase_migrations.seed_files"],
  },
  {
    name: "Neon",
    roles: "^(neon_auth|neon_superuser|cloud_admin)$",
    schemas: ["neon", "neon_auth", "neon_migration"],
  },
  { name: "Heroku", roles: "^(heroku_admin|postgres)$", schemas: ["_heroku", "heroku_ext"] },
  { name: "Nhost", roles: "^nhost_([a-z]+_)?admin$", schemas: ["auth", "storage"] },
];

/** A table, sequence or similar that the hosting platform keeps in the database for itself. */
export interface PlatformRelation extends TableName {
  platform: string;
  isTable: boolean;
}

/** Without relations of extensions, which are handled separately. None if the role is the platform's own. */
const PLATFORM_RELATIONS_SQL = `
  SELECT p.name AS platform, n.nspname AS schema, c.relname AS name, c.relkind IN ('r', 'p') AS "isTable"
  FROM json_to_recordset($1::json) AS p (name text, roles text, schemas json, ledgers json)
  CROSS JOIN LATERAL json_array_elements_text(p.schemas) AS s (name)
  JOIN pg_namespace n ON n.nspname = s.name
  JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'f', 'm', 'S') AND NOT c.relispartition
  JOIN pg_roles o ON o.oid = c.relowner
  WHERE NOT EXISTS (SELECT FROM unnest(ARRAY[current_user, session_user]) AS own WHERE own ~ p.roles)
    AND (o.rolname ~ p.roles
      OR n.nspname || '.' || c.relname IN (SELECT json_array_elements_text(p.ledgers))
        AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname ~ p.roles))
    AND ${notOfExtension("pg_class", "c.oid")}
  ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"`;

export const readPlatformRelations = async (client: pg.ClientBase): Promise<PlatformRelation[]> =>
  (await client.query<PlatformRelation>(PLATFORM_RELATIONS_SQL, [JSON.stringify(PLATFORMS)])).rows;
