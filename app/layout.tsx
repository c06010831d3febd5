import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
// Other apps import this as `prisma-backup-admin/styles.css`.
import "../dist/styles.css";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "Alder & Finch", template: "%s · Alder & Finch" },
  description: "The back office of a small shop",
};

export const viewport: Viewport = { colorScheme: "light dark" };

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body className="min-h-dvh font-sans antialiased">{children}</body>
    </html>
  );
}
