"use server";

import { revalidatePath } from "next/cache";
import { prisma } from "../prisma.ts";
import { requireAdmin } from "../session.ts";

export interface Mess {
  ordersDeleted: number;
  reviewsDeleted: number;
  productsChanged: number;
  customersRenamed: number;
}

/** Damages the demo's data like a serious mistake would, so that there is something to restore. */
export async function makeAMess(): Promise<Mess> {
  const user = await requireAdmin("/");
  const mess = await prisma.$transaction(
    async (tx) => {
      const counts: Mess = {
        // Deletes their lines, invoices, payments and shipments too.
        ordersDeleted: await tx.$executeRaw`DELETE FROM orders WHERE id % 3 = 0`,
        reviewsDeleted: await tx.$executeRaw`DELETE FROM reviews WHERE rating < 5`,
        productsChanged: await tx.$executeRaw`
          UPDATE products SET price = round(price / 10, 2), name = 'Mystery item ' || id
          WHERE id % 2 = 0`,
        customersRenamed: await tx.$executeRaw`
          UPDATE customers SET name = 'Nobody', preferences = NULL, labels = '{oops}'
          WHERE id::text < '4'`,
      };
      await tx.auditEvent.create({
        data: {
          actor: user.name ?? "admin",
          action: "mess.made",
          subject: "shop",
          after: { ...counts },
        },
      });
      return counts;
    },
    { timeout: 60_000 },
  );
  revalidatePath("/", "layout");
  return mess;
}
