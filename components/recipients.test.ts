import { describe, expect, it } from "vitest";
import { parseRecipients } from "./recipients.ts";

const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
const other = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";

describe("recipients", () => {
  it("are one a line; comments, empty lines and repetitions are left out", () => {
    const text = `# the office\r\n${recipient}\n\n  ${other}  \n${recipient}\n`;
    expect(parseRecipients(text)).toEqual({ recipients: [recipient, other], problems: [] });
  });

  it("are nothing when nothing is written", () => {
    expect(parseRecipients(" \n# later")).toEqual({ recipients: [], problems: [] });
  });

  it("are told from identities, SSH keys and other text", () => {
    const { recipients, problems } = parseRecipients(
      ["AGE-SECRET-KEY-1QQQ", "ssh-ed25519 AAAA", "hello", recipient.slice(0, -1)].join("\n"),
    );
    expect(recipients).toEqual([]);
    expect(problems.map((problem) => problem.split(".")[0])).toEqual([
      "Line 1 is a private key",
      "Line 2 is an SSH key",
      "Line 3 is not an age public key",
      "Line 4 is not an age public key",
    ]);
  });

  it("are limited in number", () => {
    const letters = "023456789acdefghjklmnpqrs";
    const many = Array.from(letters, (letter) => `age1${letter.repeat(58)}`).join("\n");
    expect(parseRecipients(many).problems).toEqual([
      "At most 20 public keys are possible. These are 25.",
    ]);
  });
});
