import { type NextRequest, NextResponse } from "next/server";

/** Every page is below a language. */
export function proxy(request: NextRequest) {
  const { pathname } = request.nextUrl;
  if (pathname.startsWith("/en")) return NextResponse.next();
  return NextResponse.redirect(new URL(`/en${pathname}`, request.url));
}

export const config = { matcher: ["/((?!api|_next|.*\\..*).*)"] };
