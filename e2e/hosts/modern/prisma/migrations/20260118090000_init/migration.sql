-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "people";

-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "records";

-- CreateEnum
CREATE TYPE "people"."role" AS ENUM ('clerk', 'admin');

-- CreateEnum
CREATE TYPE "records"."case_state" AS ENUM ('OPEN', 'CLOSED');

-- CreateTable
CREATE TABLE "people"."users" (
    "id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" "people"."role" NOT NULL DEFAULT 'clerk',
    "password_hash" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "records"."case_files" (
    "id" BIGSERIAL NOT NULL,
    "number" VARCHAR(16) NOT NULL,
    "state" "records"."case_state" NOT NULL DEFAULT 'OPEN',
    "claim" DECIMAL(18,4) NOT NULL,
    "facts" JSONB NOT NULL DEFAULT '{}',
    "owner_id" UUID,
    "opened_at" TIMESTAMPTZ(6) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "case_files_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "records"."labels" (
    "id" SERIAL NOT NULL,
    "name" TEXT NOT NULL,

    CONSTRAINT "labels_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "records"."documents" (
    "id" UUID NOT NULL,
    "case_id" BIGINT NOT NULL,
    "title" TEXT NOT NULL,
    "pages" SMALLINT NOT NULL,
    "scan" BYTEA NOT NULL,

    CONSTRAINT "documents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "records"."_CaseFileToLabel" (
    "A" BIGINT NOT NULL,
    "B" INTEGER NOT NULL,

    CONSTRAINT "_CaseFileToLabel_AB_pkey" PRIMARY KEY ("A","B")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "people"."users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "case_files_number_key" ON "records"."case_files"("number");

-- CreateIndex
CREATE INDEX "case_files_owner_id_idx" ON "records"."case_files"("owner_id");

-- CreateIndex
CREATE UNIQUE INDEX "labels_name_key" ON "records"."labels"("name");

-- CreateIndex
CREATE INDEX "documents_case_id_idx" ON "records"."documents"("case_id");

-- CreateIndex
CREATE INDEX "_CaseFileToLabel_B_index" ON "records"."_CaseFileToLabel"("B");

-- AddForeignKey
ALTER TABLE "records"."case_files" ADD CONSTRAINT "case_files_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "people"."users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "records"."documents" ADD CONSTRAINT "documents_case_id_fkey" FOREIGN KEY ("case_id") REFERENCES "records"."case_files"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "records"."_CaseFileToLabel" ADD CONSTRAINT "_CaseFileToLabel_A_fkey" FOREIGN KEY ("A") REFERENCES "records"."case_files"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "records"."_CaseFileToLabel" ADD CONSTRAINT "_CaseFileToLabel_B_fkey" FOREIGN KEY ("B") REFERENCES "records"."labels"("id") ON DELETE CASCADE ON UPDATE CASCADE;
