import { describe, expect, it } from "vitest";
import type { EncryptionPolicy } from "../../lib/shared/api.ts";
import {
  checkEncryption,
  NO_ENCRYPTION_DRAFT,
  recallEncryption,
  rememberEncryption,
} from "./encryption-draft.ts";

const draft = NO_ENCRYPTION_DRAFT;
const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

describe("the encryption choice", () => {
  it("is a new passphrase by default, once it is saved", () => {
    const generated = { ...draft, generated: "six-new-words" };
    expect(checkEncryption(generated)).toEqual({
      encryption: null,
      problems: { hasSaved: ["Confirm that you have saved the passphrase."] },
    });
    expect(checkEncryption({ ...generated, hasSaved: true }).encryption).toEqual({
      mode: "passphrase",
      passphrase: "six-new-words",
    });
  });

  it("may be a typed passphrase, which has to be long enough and typed twice alike", () => {
    const own = { ...draft, typesOwn: true };
    expect(checkEncryption(own).encryption).toBeNull();
    expect(checkEncryption({ ...own, passphrase: "1234", repeated: "1234" }).problems).toEqual({
      passphrase: ["At least 5 characters are needed."],
    });
    expect(Object.keys(checkEncryption({ ...own, passphrase: "12345" }).problems)).toEqual([
      "repeated",
    ]);
    expect(checkEncryption({ ...own, passphrase: " 1234", repeated: " 1234" }).encryption).toEqual({
      mode: "passphrase",
      passphrase: " 1234",
    });
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

describe("the last choice", () => {
  const policy: EncryptionPolicy = {
    encryption: ["passphrase", "recipients", "none"],
    recipients: [],
  };

  it("is recalled without a secret and without a consent", () => {
    expect(recallEncryption(policy)).toEqual(NO_ENCRYPTION_DRAFT);
    rememberEncryption({
      mode: "none",
      generated: "six-new-words",
      hasSaved: true,
      typesOwn: true,
      passphrase: "my own words",
      repeated: "my own words",
      recipients: recipient,
      acceptsPlaintext: true,
    });
    expect(recallEncryption(policy)).toEqual({
      ...NO_ENCRYPTION_DRAFT,
      mode: "none",
      recipients: recipient,
    });
  });

  it("is given up if the app no longer allows it", () => {
    rememberEncryption({ ...draft, mode: "none" });
    expect(recallEncryption({ ...policy, encryption: ["recipients"] }).mode).toBe("recipients");
  });
});
