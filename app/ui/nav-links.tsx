"use client";

import { DatabaseBackup, House, type LucideIcon, Package, ReceiptText, Users } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";

interface NavLink {
  href: string;
  label: string;
  icon: LucideIcon;
}

const LINKS: NavLink[] = [
  { href: "/", label: "Overview", icon: House },
  { href: "/orders", label: "Orders", icon: ReceiptText },
  { href: "/customers", label: "Customers", icon: Users },
  { href: "/products", label: "Products", icon: Package },
];
const ADMIN_LINKS: NavLink[] = [{ href: "/admin/backup", label: "Backup", icon: DatabaseBackup }];

export function NavLinks({ admin }: { admin: boolean }) {
  const pathname = usePathname();
  return (
    <nav aria-label="Main" className="overflow-x-auto px-2 py-2 md:px-3 md:py-0">
      <ul className="flex gap-0.5 md:flex-col md:gap-1">
        {[...LINKS, ...(admin ? ADMIN_LINKS : [])].map(({ href, label, icon: Icon }) => {
          const current = href === "/" ? pathname === "/" : pathname.startsWith(href);
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={current ? "page" : undefined}
                className="focus-ring flex items-center gap-2.5 rounded-lg px-2 py-2 text-[0.8125rem] text-muted md:px-3 md:text-sm transition-colors hover:bg-sunken hover:text-ink aria-[current=page]:bg-brand-soft aria-[current=page]:font-medium aria-[current=page]:text-brand-strong"
              >
                <Icon aria-hidden className="hidden size-4 shrink-0 md:block" />
                {label}
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}
