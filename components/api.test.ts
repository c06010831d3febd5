import { describe, expect, it } from "vitest";
import { errorFromResponse } from "./api.ts";

describe("an error from a response", () => {
  it("is the server's own report", () => {
    const error = {
      code: "LOCK_TIMEOUT",
      message: "Busy.",
      hint: "Wait.",
      details: { table: "a" },
    };
    expect(errorFromResponse(409, JSON.stringify({ error })).report).toEqual(error);
  });

  it.each([
    [401, "UNAUTHENTICATED"],
    [403, "FORBIDDEN"],
    [502, "UNREACHABLE"],
    [404, "UNREACHABLE"],
  ])("with status %d and a body that is none of ours is %s", (status, code) => {
    for (const body of ["", "<h1>Bad gateway</h1>", "null", "{}", '{"error":"no"}']) {
      const { report } = errorFromResponse(status, body);
      expect(report.code).toBe(code);
      expect(report.message).toContain(String(status));
    }
  });
});
