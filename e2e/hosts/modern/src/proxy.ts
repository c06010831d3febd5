import { NextResponse } from "next/server";
import { auth } from "~/auth";

const PUBLIC = ["/sign-in", "/api/auth", "/_next/", "/robots.txt"];

/** Runs for every request: signs people in, and gives each page its own Content-Security-Policy. */
export default auth((request) => {
  const { pathname, search } = request.nextUrl;
  if (!request.auth && !PUBLIC.some((path) => pathname.startsWith(path))) {
    if (pathname.includes("/api/")) {
      return withHeaders(NextResponse.json({ error: "Sign in first." }, { status: 401 }));
    }
    const signIn = request.nextUrl.clone();
    signIn.pathname = "/sign-in";
    signIn.search = `?${new URLSearchParams({ to: pathname + search })}`;
    return withHeaders(NextResponse.redirect(signIn));
  }

  const nonce = Buffer.from(crypto.randomUUID()).toString("base64");
  const policy = contentSecurityPolicy(nonce);
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("content-security-policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("content-security-policy", policy);
  return withHeaders(response);
});

function withHeaders(response: NextResponse): NextResponse {
  response.headers.set("x-seen-by-proxy", "yes");
  response.headers.set("referrer-policy", "same-origin");
  return response;
}

function contentSecurityPolicy(nonce: string): string {
  const isDevelopment = process.env.NODE_ENV === "development";
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isDevelopment ? " 'unsafe-eval'" : ""}`,
    `style-src 'self' ${isDevelopment ? "'unsafe-inline'" : `'nonce-${nonce}'`}`,
    "img-src 'self' blob: data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
