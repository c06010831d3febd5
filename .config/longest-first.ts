import type { TestSpecification } from "vitest/node";
import { BaseSequencer } from "vitest/node";

/** What takes the longest, first. One of them begun last would run when all other workers are done. */
const LONGEST = [
  "lib/operations/kill.integration.test.ts",
  "lib/restore/random-schemas.integration.test.ts",
  "lib/restore/schemas.integration.test.ts",
  "lib/operations/instances.integration.test.ts",
  "lib/cli/cli.integration.test.ts",
  "lib/prisma-restore.integration.test.ts",
  "lib/cli/original.integration.test.ts",
  "lib/http/undo.integration.test.ts",
  "lib/operations/settle.integration.test.ts",
  "lib/backup/create-backup-file.integration.test.ts",
  "lib/backup/one-moment.integration.test.ts",
  "bench/memory.integration.test.ts",
  "lib/http/backup.integration.test.ts",
  "lib/restore/rehearsal/findings.integration.test.ts",
  "lib/prisma-backup.integration.test.ts",
  "lib/plain-node.integration.test.ts",
  "lib/archive/hostile-bits.test.ts",
  "lib/archive/bombs.test.ts",
];

/** Vitest's own knows how long a file took only where it ran before: never on a CI's machine. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index === -1 ? LONGEST.length : index;
    };
    // The others stay in Vitest's order: the sort is stable.
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
