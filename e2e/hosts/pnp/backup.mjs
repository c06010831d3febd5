// yarn node backup.mjs FOLDER: backs up into a folder, without Next.
import { PrismaBackup } from "prisma-backup-admin";

const connectionString = process.env.DATABASE_URL;
const options = { folderName: process.argv[2], database: "postgres", connectionString };
const { path } = await new PrismaBackup({}, options).run();
process.stdout.write(path);
