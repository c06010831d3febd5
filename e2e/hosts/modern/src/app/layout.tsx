import type { Metadata } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import "./globals.css";
import { Providers } from "./providers";

export const metadata: Metadata = { title: "Case files" };

export default async function RootLayout({ children }: { children: ReactNode }) {
  // Each request has its own nonce, so every page is rendered for each request.
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  return (
    <html lang="en">
      <body>
        <script
          nonce={nonce}
          // biome-ignore lint/security/noDangerouslySetInnerHtml: constant text, before the first paint
          dangerouslySetInnerHTML={{
            __html:
              "document.documentElement.classList.toggle('dark', matchMedia('(prefers-color-scheme: dark)').matches)",
          }}
          suppressHydrationWarning
        />
        <Providers>{children}</Providers>
      </body>
    </html>
  );
}
