import { describe, expect, it } from "vitest";
import { checkEncryption, NO_ENCRYPTION_DRAFT } from "./encryption-draft.ts";

const draft = NO_ENCRYPTION_DRAFT;
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

describe("the encryption choice", () => {
  it("is a passphrase by default, which has to be long enough and typed twice alike", () => {
    expect(checkEncryption(draft).encryption).toBeNull();
    expect(checkEncryption({ ...draft, passphrase: "1234", repeated: "1234" }).problems).toEqual({
      passphrase: ["At least 5 characters are needed."],
    });
    expect(Object.keys(checkEncryption({ ...draft, passphrase: "12345" }).problems)).toEqual([
      "repeated",
    ]);
    expect(
      checkEncryption({ ...draft, passphrase: " 1234", repeated: " 1234" }).encryption,
    ).toEqual({ mode: "passphrase", passphrase: " 1234" });
  });

  it("may be recipients, each of them well formed", () => {
    const recipients = { ...draft, mode: "recipients" as const };
    expect(checkEncryption(recipients).encryption).toBeNull();
    expect(
      checkEncryption({ ...recipients, recipients: `${recipient}\nage1` }).encryption,
    ).toBeNull();
    expect(checkEncryption({ ...recipients, recipients: recipient }).encryption).toEqual({
      mode: "recipients",
      recipients: [recipient],
    });
  });

  it("needs no keys where the app adds its own, and leaves them room", () => {
    const other = recipient.replace("age1ql3", "age1ql4");
    const policy = { encryption: ["recipients" as const], recipients: [recipient] };
    const recipients = { ...draft, mode: "recipients" as const };
    expect(checkEncryption(recipients, policy).encryption).toEqual({
      mode: "recipients",
      recipients: [recipient],
    });
    expect(checkEncryption({ ...recipients, recipients: other }, policy).encryption).toEqual({
      mode: "recipients",
      recipients: [other],
    });
    expect(checkEncryption({ ...recipients, recipients: "age1" }, policy).encryption).toBeNull();
  });

  it("is none only when that is said expressly", () => {
    expect(checkEncryption({ ...draft, mode: "none" }).encryption).toBeNull();
    expect(checkEncryption({ ...draft, mode: "none", acceptsPlaintext: true }).encryption).toEqual({
      mode: "none",
    });
  });
});
